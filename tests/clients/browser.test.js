// Passkeys in a real browser: Chromium on a page of Keyhold's own origin, with the virtual authenticator of its WebAuthn domain.
'use strict';
const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const fs = require('node:fs');
const tls = require('node:tls');
const {test, before, after} = require('node:test');
const {chromium} = require('playwright-core');
const clients = require('./clients');
const {newUser, allow, refused, base64} = require('./help');
const {start} = require('./server');

const PROGRAM = ['/usr/bin/chromium-headless-shell', '/usr/bin/chromium'].find((path) => fs.existsSync(path));
const CONDITION = {Bool: {'acs:MFAPresent': 'true'}};
const ALGORITHMS = [-7, -8, -35, -36, -257];

let server, browser, ram;

// What the browser is to believe in, since nobody gave it the server's authority.
function keyHash(port) {
  return new Promise((resolve, reject) => {
    const socket = tls.connect({host: '127.0.0.1', port, rejectUnauthorized: false}, () => {
      const spki = socket.getPeerX509Certificate().publicKey.export({type: 'spki', format: 'der'});
      socket.destroy();
      resolve(crypto.createHash('sha256').update(spki).digest('base64'));
    });
    socket.once('error', reject);
  });
}

before(async () => {
  assert.ok(PROGRAM, 'no chromium: packaging/debian-packages.txt names it');
  server = await start();
  ram = clients.ram(server);
  const port = Number(new URL(server.https).port);
  browser = await chromium.launch({executablePath: PROGRAM, args: [`--ignore-certificate-errors-spki-list=${await keyHash(port)}`, ...(process.getuid() === 0 ? ['--no-sandbox'] : [])]});
});
after(async () => {
  if (browser) await browser.close();
  if (server) await server.stop();
});

// A page at https://HOST:PORT/ and an authenticator beside it; Keyhold's refusal to whoever asks for nothing is document enough.
async function desk(host = 'localhost', options = {}) {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(`https://${host}:${new URL(server.https).port}/`);
  const cdp = await context.newCDPSession(page);
  await cdp.send('WebAuthn.enable');
  const {authenticatorId} = await cdp.send('WebAuthn.addVirtualAuthenticator', {options: {protocol: 'ctap2', transport: 'internal',
    hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true, ...options}});
  return {page, cdp, authenticatorId, close: () => context.close()};
}

// navigator.credentials.create, as a page would call it; what FinishPasskeyRegistration takes.
const enrol = ({page}, begun, more = {}) => page.evaluate(async ({begun, more, algorithms}) => {
  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, '+').replace(/_/g, '/')), (c) => c.charCodeAt(0));
  const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer)));
  const made = await navigator.credentials.create({publicKey: {
    rp: {id: begun.RpId, name: 'Keyhold'}, user: {id: bytes(begun.UserHandle), name: 'user', displayName: 'User'},
    challenge: bytes(begun.Challenge), pubKeyCredParams: algorithms.map((alg) => ({type: 'public-key', alg})),
    excludeCredentials: begun.ExcludeCredentials.map((id) => ({type: 'public-key', id: bytes(id)})),
    authenticatorSelection: {residentKey: 'preferred', userVerification: 'preferred'}, ...more}});
  return {ChallengeToken: begun.ChallengeToken, ClientDataJSON: text(made.response.clientDataJSON),
    AttestationObject: text(made.response.attestationObject)};
}, {begun, more, algorithms: ALGORITHMS});

// The whole way of a login within the page: BeginLogin, navigator.credentials.get, Login, all on its own origin.
const logIn = ({page}, fields, ids = []) => page.evaluate(async ({fields, ids}) => {
  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, '+').replace(/_/g, '/')), (c) => c.charCodeAt(0));
  const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer)));
  const ask = async (parameters) => (await fetch('/', {method: 'POST', body: new URLSearchParams({Version: '2026-01-01', Format: 'JSON', ...parameters})})).json();
  const begun = await ask({Action: 'BeginLogin', Account: fields.Account});
  const got = await navigator.credentials.get({publicKey: {challenge: bytes(begun.Challenge), rpId: begun.RpId,
    allowCredentials: ids.map((id) => ({type: 'public-key', id: bytes(id)})), userVerification: 'preferred'}});
  return ask({Action: 'Login', ...fields, ChallengeToken: begun.ChallengeToken, CredentialId: text(got.rawId), ClientDataJSON: text(got.response.clientDataJSON),
    AuthenticatorData: text(got.response.authenticatorData), AssertionSignature: text(got.response.signature)});
}, {fields: {Account: server.accountId, ...fields}, ids});

async function person(name, statements = [allow('kms:*', '*', CONDITION)]) {
  const who = await newUser(server, name, [...statements, allow(['keyhold:BeginPasskeyRegistration', 'keyhold:FinishPasskeyRegistration'])]);
  await ram.createLoginProfile({userName: name, password: `Password of ${name}`});
  const call = clients.open(server, who);
  return {...who, begin: () => call('keyhold', 'BeginPasskeyRegistration'),
    finish: (answer, PasskeyName) => call('keyhold', 'FinishPasskeyRegistration', {}, {body: {PasskeyName, ...answer}})};
}

const sessionOf = (told) => {
  assert.ok(told.Credentials, JSON.stringify(told));
  return {id: told.Credentials.AccessKeyId, secret: told.Credentials.AccessKeySecret, token: told.Credentials.SecurityToken};
};

test('what a browser makes for another page is refused, or not made at all', async () => {
  const who = await person('eve');
  const there = await desk('localhost'), elsewhere = await desk('127.0.0.1');
  const begun = await who.begin();
  await assert.rejects(enrol(elsewhere, begun), /SecurityError|invalid domain|not a valid domain/i);
  const answer = await enrol(there, begun);
  await refused(who.finish({...answer, ChallengeToken: (await who.begin()).ChallengeToken}, 'first'), 'InvalidParameter.Passkey', 400);
  await refused(who.finish(await enrol(there, {...await who.begin(), Challenge: begun.Challenge}), 'first'), 'InvalidParameter.Passkey', 400);
  await refused(who.finish(await enrol(there, await who.begin(), {attestation: 'direct'}), 'first'), 'InvalidParameter.Passkey', 400); // certificates
  const told = await logIn(there, {UserName: 'eve'});
  assert.equal(told.Code, 'LoginFailed'); // the browser has a passkey, and nobody here knows of it
  await there.close();
  await elsewhere.close();
});

test('a passkey made in a browser logs in, and its session uses a key', async () => {
  const who = await person('ann');
  const owner = clients.kms(server);
  const {keyId} = (await owner.createKey({})).keyMetadata;
  const here = await desk();
  const {Passkey: made} = await who.finish(await enrol(here, await who.begin()), 'laptop');
  assert.deepEqual([made.Algorithm, made.IsVerifying], ['ES256', true]);
  await refused(clients.kms(server, who).encrypt({keyId, plaintext: base64('x')}), 'Forbidden.NoPermission', 403); // the access key alone
  for (const fields of [{UserName: 'ann'}, {UserName: 'ann', Password: 'Password of ann'}]) {
    const session = sessionOf(await logIn(here, fields));
    const kms = clients.kms(server, session);
    const {ciphertextBlob} = await kms.encrypt({keyId, plaintext: base64('from a browser')});
    assert.equal((await kms.decrypt({ciphertextBlob})).plaintext, base64('from a browser'));
  }
  assert.equal((await logIn(here, {UserName: 'ann', Password: 'wrong'})).Code, 'LoginFailed');
  const {Passkeys: [kept]} = await clients.open(server)('keyhold', 'ListPasskeys', {UserName: 'ann'});
  assert.ok(kept.SignCount > made.SignCount && kept.LastUsedDate, JSON.stringify(kept));
  await assert.rejects(enrol(here, {...await clients.open(server, sessionOf(await logIn(here, {UserName: 'ann'})))('keyhold', 'BeginPasskeyRegistration')}),
    /InvalidStateError|excludeCredentials|already/i); // the browser was told of the one it has
  await here.close();
});

test('an authenticator that does not look who holds it is a second factor beside the password, and no more', async () => {
  const who = await person('bea');
  const here = await desk('localhost', {protocol: 'ctap2', hasUserVerification: false, isUserVerified: false, transport: 'usb'});
  const {Passkey: made} = await who.finish(await enrol(here, await who.begin()), 'stick');
  assert.equal(made.IsVerifying, false);
  const id = Buffer.from(made.CredentialId, 'base64').toString('base64url');
  assert.equal((await logIn(here, {UserName: 'bea'}, [id])).Code, 'LoginFailed');
  await clients.kms(server, sessionOf(await logIn(here, {UserName: 'bea', Password: 'Password of bea'}, [id]))).listKeys({});
  await here.close();
});

test('a copy of an authenticator is noticed', async () => {
  const who = await person('cat');
  const here = await desk(), copy = await desk();
  await who.finish(await enrol(here, await who.begin()), 'phone');
  const {credentials: [kept]} = await here.cdp.send('WebAuthn.getCredentials', {authenticatorId: here.authenticatorId});
  await copy.cdp.send('WebAuthn.addCredential', {authenticatorId: copy.authenticatorId, credential: kept});
  sessionOf(await logIn(here, {UserName: 'cat'}));
  sessionOf(await logIn(here, {UserName: 'cat'}));
  assert.equal((await logIn(copy, {UserName: 'cat'})).Code, 'LoginFailed'); // its counter is behind
  sessionOf(await logIn(here, {UserName: 'cat'}));
  await here.close();
  await copy.close();
});
