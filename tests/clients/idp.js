// An OpenID Connect provider as companies have one: npm's oidc-provider, with people who log in through its own pages.
'use strict';
const crypto = require('node:crypto');
const http = require('node:http');

const ISSUER = 'https://idp.example.com';
const BACK = 'https://app.example.com/back';

function newKey(kid, kind) {
  const {privateKey} = kind === 'EC' ? crypto.generateKeyPairSync('ec', {namedCurve: 'P-256'}) :
    crypto.generateKeyPairSync('rsa', {modulusLength: 2048});
  return {...privateKey.export({format: 'jwk'}), kid, use: 'sig'};
}

// {issuer, jwks(), token(client, person), keys, stop()}; `clients` are {client_id, id_token_signed_response_alg, …}.
async function startIdp(clients, keys) {
  const {default: Provider} = await import('oidc-provider');
  const provider = new Provider(ISSUER, {
    clients: clients.map((c) => ({client_secret: 'secret', grant_types: ['authorization_code'], redirect_uris: [BACK],
      response_types: ['code'], ...c})),
    jwks: {keys}, cookies: {keys: ['cookie key']}, pkce: {required: () => false},
    findAccount: (ctx, id) => ({accountId: id, claims: () => ({sub: id})}),
  });
  provider.proxy = true;
  const server = http.createServer(provider.callback());
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const base = `http://127.0.0.1:${server.address().port}`;
  const headers = {'x-forwarded-proto': 'https', 'x-forwarded-host': 'idp.example.com'};

  // A browser with the least it takes: cookies, and redirects that stay at the provider.
  function browser() {
    const jar = new Map();
    return async function visit(url, form) {
      const {pathname, search} = new URL(url, ISSUER);
      const answer = await fetch(base + pathname + search, {method: form ? 'POST' : 'GET', redirect: 'manual',
        body: form && new URLSearchParams(form), headers: {...headers, cookie: [...jar].map(([k, v]) => `${k}=${v}`).join('; ')}});
      for (const line of answer.headers.getSetCookie()) {
        const [name, value] = line.split(';')[0].split('=');
        if (value) jar.set(name, value);
        else jar.delete(name);
      }
      return answer.headers.get('location');
    };
  }

  async function codeFor(clientId, person) {
    const visit = browser();
    let at = await visit(`/auth?${new URLSearchParams({client_id: clientId, response_type: 'code', scope: 'openid', redirect_uri: BACK})}`);
    for (const prompt of ['login', 'consent']) {
      at = await visit(at, {prompt, login: person, password: 'any'});
      at = await visit(at);
      if (at.startsWith(BACK)) break;
    }
    return new URL(at).searchParams.get('code');
  }

  return {
    issuer: ISSUER, keys,
    jwks: async () => (await fetch(`${base}/jwks`, {headers})).text(),
    token: async (clientId, person) => {
      const answer = await fetch(`${base}/token`, {method: 'POST', body: new URLSearchParams({grant_type: 'authorization_code',
        code: await codeFor(clientId, person), redirect_uri: BACK}), headers: {...headers,
        authorization: `Basic ${Buffer.from(`${clientId}:secret`).toString('base64')}`}});
      const told = await answer.json();
      if (!told.id_token) throw new Error(JSON.stringify(told));
      return told.id_token;
    },
    stop: () => server.close(),
  };
}

// A token made by hand: header and claims as given, signed with one of the provider's keys, or by `sign`.
function forge(key, header, claims, sign) {
  const part = (value) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
  const text = `${part(header)}.${part(claims)}`;
  const made = sign ? sign(text) : crypto.sign('sha256', Buffer.from(text), {key: crypto.createPrivateKey({key, format: 'jwk'}),
    dsaEncoding: 'ieee-p1363'});
  return `${text}.${Buffer.from(made).toString('base64url')}`;
}

module.exports = {startIdp, newKey, forge, ISSUER};
