// Sessions for whom a SAML provider vouches: @alicloud/ims20190815, @alicloud/sts20150401, @aws-sdk/client-iam and -sts, with npm's samlp
// as the provider.
'use strict';
const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const fs = require('node:fs');
const {test, before, after} = require('node:test');
const aws = {...require('@aws-sdk/client-iam'), ...require('@aws-sdk/client-sts')};
const clients = require('./clients');
const {newUser, allow, policy, refused, raw, events, until} = require('./help');
const {newPair, metadataOf, respond, wrappings, ENTITY, RECIPIENT, ROLE, AWS_ROLE} = require('./idp_saml');
const {start} = require('./server');

const base64 = (text) => Buffer.from(text).toString('base64');
let server, ims, ram, nobody, pair, other, providerArn, roleArn, attributes;

before(async () => {
  server = await start();
  pair = newPair();
  other = newPair();
  ims = clients.ims(server);
  ram = clients.ram(server);
  nobody = clients.sts(server, {id: '', secret: ''});
  const made = (await ims.createSAMLProvider({SAMLProviderName: 'corporate', description: 'People',
    encodedSAMLMetadataDocument: base64(metadataOf([pair]))})).body.SAMLProvider;
  providerArn = made.arn;
  assert.equal(providerArn, `acs:ram::${server.accountId}:saml-provider/corporate`);
  roleArn = await newRole('deployer');
  await ram.createPolicy({policyName: 'list-keys', policyDocument: policy([allow('kms:ListKeys')])});
  await ram.attachPolicyToRole({roleName: 'deployer', policyName: 'list-keys', policyType: 'Custom'});
  attributes = {[`${ROLE}Role`]: [`${roleArn},${providerArn}`], [`${ROLE}RoleSessionName`]: 'alice@example.com'};
});
after(() => server.stop());

async function newRole(roleName, condition, more = {}) {
  const document = JSON.stringify({Version: '1', Statement: [{Effect: 'Allow', Action: 'sts:AssumeRole',
    Principal: {Federated: [providerArn]}, ...(condition && {Condition: condition}), ...more}]});
  return (await ram.createRole({roleName, assumeRolePolicyDocument: document})).body.role.arn;
}
const fresh = (more, person = 'alice', said = attributes) => respond(pair, person, said, more);
const assume = (response, more = {}) => nobody.assumeRoleWithSAML({SAMLProviderArn: providerArn, roleArn, SAMLAssertion: base64(response), ...more});
const sessionOf = ({credentials: c}) => ({id: c.accessKeyId, secret: c.accessKeySecret, token: c.securityToken});
const invalid = (call) => refused(call, 'AuthenticationFail.SAMLAssertion.Invalid', 400);

// The code of the answer, from an address of its own: bad assertions from one address are slowed down.
let addresses = 0;
async function codeOf(response, localAddress = `127.0.2.${++addresses % 250 + 1}`, more = {}) {
  const body = new URLSearchParams({Action: 'AssumeRoleWithSAML', Version: '2015-04-01', Format: 'JSON', SAMLProviderArn: providerArn,
    RoleArn: roleArn, SAMLAssertion: Buffer.isBuffer(response) ? response.toString('base64') : base64(response), ...more}).toString();
  const answer = await raw(server, {headers: {'content-type': 'application/x-www-form-urlencoded'}, body, localAddress});
  return answer.status === 200 ? 'OK' : answer.json().Code;
}

test('an assertion gives a session with the role\'s permissions, once', async () => {
  const response = await fresh();
  const body = (await assume(response)).body;
  assert.deepEqual([body.SAMLAssertionInfo.subject, body.SAMLAssertionInfo.issuer, body.SAMLAssertionInfo.recipient], ['alice', ENTITY, RECIPIENT]);
  assert.equal(body.assumedRoleUser.arn, `acs:ram::${server.accountId}:role/deployer/alice@example.com`);
  assert.ok((await clients.open(server, sessionOf(body))('kms', 'ListKeys')).Keys);
  await refused(clients.ram(server, sessionOf(body)).listUsers(), 'NoPermission', 403);
  await invalid(assume(response));
  const found = await until(async () => (await events(server, {EventName: 'AssumeRoleWithSAML'})).find((e) => !e.errorCode), 'the event');
  assert.deepEqual([found.userIdentity.type, found.userIdentity.userName, found.userIdentity.principalId], ['saml-user', 'alice', providerArn]);
  assert.equal(found.requestParameters.SAMLAssertion, '***');
});

test('responses as providers make them', async () => {
  await assume(await fresh({signatureAlgorithm: 'rsa-sha256', signResponse: true}));
  await assume(await fresh({signatureNamespacePrefix: 'ds'}));
  await assume(await fresh({inResponseTo: '_request'}));
  await assume((await fresh()).replace(/^/, '<?xml version="1.0" encoding="UTF-8"?>\n'));
  await assume(await fresh({}, 'alice', {...attributes, [`${ROLE}Role`]: ['x,y', `${providerArn},${roleArn}`]}));
});

test('signature wrapping', async () => {
  for (const signResponse of [false, true])
    for (const [what, response] of Object.entries(wrappings(await fresh({signResponse}))))
      assert.equal(await codeOf(response), 'AuthenticationFail.SAMLAssertion.Invalid', what);
});

test('what is no assertion of the provider', async () => {
  const good = await fresh();
  const inName = (text) => good.replace(/(<saml:NameID[^>]*>)alice/, `$1${text}`);
  const signature = good.match(/<Signature[\s\S]*<\/Signature>/)[0];
  const bad = {
    'unsigned': await fresh({signAssertion: false}),
    'only the response is signed': await fresh({signAssertion: false, signResponse: true}),
    'another key': await respond(other, 'alice', attributes),
    'another issuer': await fresh({issuer: `${ENTITY}2`}),
    'another audience': await fresh({audience: 'urn:other'}),
    'another recipient': await fresh({recipient: 'https://signin.example.com'}),
    'SHA-1': await fresh({signatureAlgorithm: 'rsa-sha1', digestAlgorithm: 'sha1'}),
    'a SHA-1 digest': await fresh({digestAlgorithm: 'sha1'}),
    'no role': await fresh({}, 'alice', {...attributes, [`${ROLE}Role`]: []}),
    'a role by another provider': await fresh({}, 'alice', {...attributes, [`${ROLE}Role`]: [`${roleArn},${providerArn}2`]}),
    'another role': await fresh({}, 'alice', {...attributes, [`${ROLE}Role`]: [`${roleArn}2,${providerArn}`]}),
    'a role of another account': await fresh({}, 'alice', {...attributes, [`${ROLE}Role`]: [`${roleArn},${providerArn}`.replaceAll(server.accountId, '1999999999999999')]}),
    'no session name': await fresh({}, 'alice', {[`${ROLE}Role`]: attributes[`${ROLE}Role`]}),
    'two session names': await fresh({}, 'alice', {...attributes, [`${AWS_ROLE}RoleSessionName`]: 'bob'}),
    'a bad session name': await fresh({}, 'alice', {...attributes, [`${ROLE}RoleSessionName`]: 'a b'}),
    'mangled': inName('bob'),
    'a comment in the name': inName('al<!-- x -->ice'),
    'CDATA in the name': inName('<![CDATA[alice]]>'),
    'a processing instruction': inName('al<?x y?>ice'),
    'a document type': `<!DOCTYPE x>${good}`,
    'an external entity': `<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>${inName('&e;')}`,
    'an entity bomb': `<!DOCTYPE x [<!ENTITY a "${'x'.repeat(1000)}">${'bcdefgh'.split('').map((n, i) => `<!ENTITY ${n} "${`&${'abcdefg'[i]};`.repeat(20)}">`).join('')}]>${inName('&h;')}`,
    'another encoding': Buffer.from('<?xml version="1.0" encoding="UTF-16"?>' + good, 'utf16le'),
    'a transform more': good.replace('</Transforms>', '<Transform Algorithm="http://www.w3.org/TR/2001/REC-xml-c14n-20010315"/></Transforms>'),
    'an XSLT transform': good.replace('</Transforms>', '<Transform Algorithm="http://www.w3.org/TR/1999/REC-xslt-19991116"/></Transforms>'),
    'the whole document': good.replace(/<Reference URI="[^"]*"/, '<Reference URI=""'),
    'a reference to elsewhere': good.replace(/<Reference URI="[^"]*"/, '<Reference URI="http://127.0.0.1:1/x"'),
    'HMAC': good.replace('xmldsig-more#rsa-sha256', 'xmldsig-more#hmac-sha256'),
    'no signature value': good.replace(/<SignatureValue>[^<]*/, '<SignatureValue>'),
    'the signature elsewhere': good.replace(signature, '').replace('</samlp:Response>', `${signature}</samlp:Response>`),
    'a failure': good.replace('status:Success', 'status:Responder'),
    'deep': good.replace(signature, `${'<a>'.repeat(2000)}${'</a>'.repeat(2000)}${signature}`),
    'cut': good.slice(0, -20),
    'nothing': ' ',
    'no XML': 'rubbish',
  };
  for (const [what, response] of Object.entries(bad))
    assert.equal(await codeOf(response), 'AuthenticationFail.SAMLAssertion.Invalid', what);
  for (const more of [{SAMLAssertion: '%%%%'}, {SAMLProviderArn: `${providerArn}2`}, {RoleArn: 'acs:ram::1999999999999999:role/deployer'}])
    assert.equal(await codeOf(good, undefined, more), 'AuthenticationFail.SAMLAssertion.Invalid', JSON.stringify(more));
  await refused(assume(await fresh({lifetimeInSeconds: -120})), 'AuthenticationFail.SAMLAssertion.Expired', 400);
  await assume(good); // none of all that used it up
});

test('the role trusts whom its policy says', async () => {
  const as = async (arn, person) => assume(await fresh({}, person, {...attributes, [`${ROLE}Role`]: [`${arn},${providerArn}`]}), {roleArn: arn});
  const only = await newRole('only-alice', {StringEquals: {'saml:sub': 'alice', 'saml:recipient': RECIPIENT, 'saml:iss': ENTITY}});
  await as(only, 'alice');
  await refused(as(only, 'bob'), 'NoPermission', 403);
  await refused(as(await newRole('elsewhere', {StringEquals: {'saml:recipient': 'https://signin.aws.amazon.com/saml'}}), 'alice'), 'NoPermission', 403);
  await refused(as(await newRole('people', null, {Principal: {RAM: [`acs:ram::${server.accountId}:root`]}}), 'alice'), 'NoPermission', 403);
  await refused(as(`acs:ram::${server.accountId}:role/missing`, 'alice'), 'NoPermission', 403);
});

test('a session is no longer than the assertion lets it be', async () => {
  const left = ({body}) => (Date.parse(body.credentials.expiration) - Date.now()) / 1000;
  const half = await fresh({}, 'alice', {...attributes, [`${ROLE}SessionDuration`]: '1800'});
  const left_s = left(await assume(half));
  assert.ok(left_s > 1700 && left_s <= 1800, String(left_s));
  assert.ok(left(await assume(await fresh(), {durationSeconds: 900})) <= 900);
  await refused(assume(await fresh(), {durationSeconds: 7200}), 'InvalidParameter.DurationSeconds', 400);
});

test('keys that were rotated at the provider are taken once the owner says so', async () => {
  const rotated = () => respond(other, 'alice', attributes);
  await invalid(assume(await rotated()));
  await ims.updateSAMLProvider({SAMLProviderName: 'corporate', newEncodedSAMLMetadataDocument: base64(metadataOf([pair, other]))});
  await assume(await rotated());
  await assume(await fresh());
  await ims.updateSAMLProvider({SAMLProviderName: 'corporate', newDescription: 'Everybody', newEncodedSAMLMetadataDocument: base64(metadataOf([pair]))});
  await invalid(assume(await rotated()));
});

test('providers come, change and go', async () => {
  const bad = ['<x/>', metadataOf([]), metadataOf([pair]).replace('IDPSSODescriptor', 'SPSSODescriptor').replace('/md:IDPSSO', '/md:SPSSO'),
    `<!DOCTYPE x>${metadataOf([pair])}`, metadataOf([pair]).replace(/entityID="[^"]*"/, ''), 'rubbish'];
  for (const metadata of bad)
    await refused(ims.createSAMLProvider({SAMLProviderName: 'bad', encodedSAMLMetadataDocument: base64(metadata)}), 'InvalidParameter.SAMLMetadata', 400);
  await refused(ims.createSAMLProvider({SAMLProviderName: 'corporate', encodedSAMLMetadataDocument: base64(metadataOf([pair]))}), 'EntityAlreadyExists.SAMLProvider', 409);
  await refused(ims.createSAMLProvider({SAMLProviderName: 'none'}), 'MissingParameter', 400);
  const found = (await ims.getSAMLProvider({SAMLProviderName: 'corporate'})).body.SAMLProvider;
  assert.deepEqual([found.description, Buffer.from(found.encodedSAMLMetadataDocument, 'base64').toString()], ['Everybody', metadataOf([pair])]);
  assert.deepEqual((await ims.listSAMLProviders()).body.SAMLProviders.SAMLProvider.map((p) => p.SAMLProviderName), ['corporate']);
  const may = await newUser(server, 'reader', [allow('ram:GetSAMLProvider')]);
  await clients.ims(server, may).getSAMLProvider({SAMLProviderName: 'corporate'});
  await refused(clients.ims(server, may).deleteSAMLProvider({SAMLProviderName: 'corporate'}), 'NoPermission', 403);
});

test('bad assertions from one address are slowed down, and nobody else is', async () => {
  const codes = [];
  for (let i = 0; i < 60; i++) codes.push(await codeOf('rubbish', '127.0.3.1'));
  const taken = codes.filter((code) => code === 'AuthenticationFail.SAMLAssertion.Invalid').length; // and one more a second passed
  assert.ok(taken >= 50 && taken < 60, String(taken));
  assert.equal(codes.at(-1), 'Throttling.User');
  assert.equal(await codeOf(await fresh(), '127.0.3.2'), 'OK');
});

test('the reader that falls is started again', async () => {
  const readers = () => fs.readdirSync('/proc').filter((pid) => /^\d+$/.test(pid)).filter((pid) => {
    try {
      const of = fs.readFileSync(`/proc/${pid}/status`, 'utf8');
      return /^Name:\tkeyhold-reader$/m.test(of) && of.includes(`PPid:\t${server.pid}`);
    } catch {
      return false;
    }
  });
  const [before_] = await until(() => readers().length === 1 && readers(), 'the reader');
  process.kill(Number(before_), 'SIGKILL');
  await until(() => readers().length === 1 && readers()[0] !== before_, 'another reader', 20000);
  await until(async () => await codeOf(await fresh()) === 'OK', 'an assertion that is read', 20000);
});

test('encrypted assertions, with keys given through AWS\'s clients', async () => {
  const iam = new aws.IAMClient({region: 'us-east-1', endpoint: server.http, maxAttempts: 1,
    credentials: {accessKeyId: server.owner.id, secretAccessKey: server.owner.secret}});
  const [first, second] = [newPair(), newPair()];
  const {SAMLProviderArn} = await iam.send(new aws.CreateSAMLProviderCommand({Name: 'encrypted', SAMLMetadataDocument: metadataOf([pair]),
    AssertionEncryptionMode: 'Required', AddPrivateKey: String(first.key)}));
  const arn = `acs:ram::${server.accountId}:saml-provider/encrypted`;
  const role = await newRole('secretive', null, {Principal: {Federated: [arn]}});
  const said = {...attributes, [`${ROLE}Role`]: [`${role},${arn}`]};
  const take = async (more, person) => assume(await fresh(more, person, said), {roleArn: role, SAMLProviderArn: arn});
  const to = ({cert}, more = {}) => ({encryptionCert: cert, encryptionPublicKey: crypto.createPublicKey(cert).export({type: 'spki', format: 'pem'}),
    encryptionAlgorithm: 'http://www.w3.org/2009/xmlenc11#aes256-gcm', ...more});
  assert.equal((await take(to(first), 'zoe')).body.SAMLAssertionInfo.subject, 'zoe');
  await invalid(take({}));
  await invalid(take(to(second)));
  await invalid(take(to(first, {encryptionAlgorithm: 'http://www.w3.org/2001/04/xmlenc#aes256-cbc', disallowEncryptionWithInsecureAlgorithm: false,
    warnOnInsecureEncryptionAlgorithm: false})));
  await iam.send(new aws.UpdateSAMLProviderCommand({SAMLProviderArn, AddPrivateKey: String(second.key), AssertionEncryptionMode: 'Allowed'}));
  await take(to(second, {encryptionAlgorithm: 'http://www.w3.org/2009/xmlenc11#aes128-gcm'}));
  await take({});
  const shown = await iam.send(new aws.GetSAMLProviderCommand({SAMLProviderArn}));
  assert.equal(shown.AssertionEncryptionMode, 'Allowed');
  assert.equal(shown.PrivateKeyList.length, 2);
  assert.ok(shown.PrivateKeyList.every((key) => /^[A-Z0-9]{22,64}$/.test(key.KeyId) && Date.now() - key.Timestamp < 60000));
  await iam.send(new aws.UpdateSAMLProviderCommand({SAMLProviderArn, RemovePrivateKey: shown.PrivateKeyList[0].KeyId}));
  await invalid(take(to(first)));
  await take(to(second));
  const told = await until(async () => (await events(server, {EventName: 'UpdateSAMLProvider'})).length >= 2 && events(server, {EventName: 'UpdateSAMLProvider'}),
    'the events');
  assert.ok(!JSON.stringify(told).includes('PRIVATE KEY'));
  await iam.send(new aws.DeleteSAMLProviderCommand({SAMLProviderArn}));
});

test('the same through AWS\'s clients', async () => {
  const iam = new aws.IAMClient({region: 'us-east-1', endpoint: server.http, maxAttempts: 1,
    credentials: {accessKeyId: server.owner.id, secretAccessKey: server.owner.secret}});
  const anonymous = new aws.STSClient({region: 'us-east-1', endpoint: server.http, maxAttempts: 1});
  const metadata = metadataOf([pair]);
  const {SAMLProviderArn: arn} = await iam.send(new aws.CreateSAMLProviderCommand({Name: 'aws', SAMLMetadataDocument: metadata}));
  assert.equal(arn, `arn:aws:iam::${server.accountId}:saml-provider/aws`);
  assert.equal((await iam.send(new aws.GetSAMLProviderCommand({SAMLProviderArn: arn}))).SAMLMetadataDocument, metadata);
  assert.ok((await iam.send(new aws.ListSAMLProvidersCommand({}))).SAMLProviderList.some((p) => p.Arn === arn));
  await iam.send(new aws.CreateRoleCommand({RoleName: 'admin', AssumeRolePolicyDocument: JSON.stringify({Version: '2012-10-17', Statement: [{
    Effect: 'Allow', Action: 'sts:AssumeRoleWithSAML', Principal: {Federated: arn}, Condition: {StringEquals: {'SAML:aud': 'https://signin.aws.amazon.com/saml'}}}]})}));
  const role = `arn:aws:iam::${server.accountId}:role/admin`;
  const take = async (more = {}) => anonymous.send(new aws.AssumeRoleWithSAMLCommand({RoleArn: role, PrincipalArn: arn,
    SAMLAssertion: base64(await respond(pair, 'alice', {[`${AWS_ROLE}Role`]: `${role},${arn}`, [`${AWS_ROLE}RoleSessionName`]: 'alice'},
      {audience: 'https://signin.aws.amazon.com/saml', recipient: 'https://signin.aws.amazon.com/saml', ...more}))}));
  const answer = await take();
  assert.deepEqual([answer.Subject, answer.Issuer, answer.Audience, answer.AssumedRoleUser.Arn], ['alice', ENTITY,
    'https://signin.aws.amazon.com/saml', `arn:aws:sts::${server.accountId}:assumed-role/admin/alice`]);
  const failed = async (call, name) => assert.equal((await call.then(() => assert.fail('was not refused'), (e) => e)).name, name);
  await failed(take({recipient: RECIPIENT}), 'AccessDenied');
  await failed(take({issuer: 'https://evil.example.com'}), 'InvalidIdentityTokenException');
  await iam.send(new aws.UpdateSAMLProviderCommand({SAMLProviderArn: arn, SAMLMetadataDocument: metadataOf([other])}));
  await failed(take(), 'InvalidIdentityTokenException');
  await iam.send(new aws.DeleteSAMLProviderCommand({SAMLProviderArn: arn}));
  await failed(iam.send(new aws.GetSAMLProviderCommand({SAMLProviderArn: arn})), 'NoSuchEntityException');
});
