// @alicloud/sts20150401 1.2.0 (V3), @alicloud/sts-sdk 1.0.2 (HTTPS, lenient V1) and ali-oss' own STS client (V1 in a form).
'use strict';
const assert = require('node:assert/strict');
const {test, before, after} = require('node:test');
const OldSts = require('@alicloud/sts-sdk');
const clients = require('./clients');
const {newUser, allow, refused, signV1, signV3, raw, base64} = require('./help');
const {start} = require('./server');

const VERSION = clients.VERSIONS.sts;
let server, sts;

before(async () => {
  server = await start();
  sts = clients.sts(server);
});
after(() => server.stop());

test('GetCallerIdentity: the account, a user', async () => {
  const {body} = await sts.getCallerIdentity();
  assert.equal(body.identityType, 'Account');
  assert.equal(body.accountId, server.accountId);
  assert.equal(body.userId, server.accountId);
  assert.equal(body.arn, `acs:ram::${server.accountId}:root`);
  const who = await newUser(server, 'caller');
  const {body: user} = await clients.sts(server, who).getCallerIdentity();
  assert.equal(user.identityType, 'RAMUser');
  assert.equal(user.accountId, server.accountId);
  assert.equal(user.arn, `acs:ram::${server.accountId}:user/caller`);
  assert.equal(user.userId, (await clients.ram(server).getUser({userName: 'caller'})).body.user.userId);
});

test('a wrong secret, an unknown access key, an unknown token', async () => {
  await refused(clients.sts(server, {...server.owner, secret: 'wrong'}).getCallerIdentity(), 'SignatureDoesNotMatch', 400);
  await refused(clients.sts(server, {id: 'LTAInobody', secret: 'x'}).getCallerIdentity(), 'SignatureDoesNotMatch', 400);
  const error = await clients.sts(server, {...server.owner, token: 'no-token'}).getCallerIdentity().then(() => assert.fail('not refused'), (e) => e);
  assert.match(error.code, /^InvalidSecurityToken\./);
});

const session = async (who, query = {}) => {
  const {Credentials: c} = await clients.open(server, who)('sts', 'GetSessionToken', query);
  return {id: c.AccessKeyId, secret: c.AccessKeySecret, token: c.SecurityToken, expires: c.Expiration};
};

test('credentials that lapse work in every client, with the permissions of who made them', async () => {
  const {keyMetadata: {keyId}} = await clients.kms(server).createKey({});
  const who = await newUser(server, 'session-maker', [allow(['kms:Encrypt', 'oss:ListBuckets'])]);
  const lapsing = await session(who, {DurationSeconds: '900'});
  assert.match(lapsing.id, /^STS\./);
  const left_s = (Date.parse(lapsing.expires) - Date.now()) / 1000;
  assert.ok(left_s > 800 && left_s <= 901, lapsing.expires);
  const {body} = await clients.sts(server, lapsing).getCallerIdentity();
  assert.equal(body.arn, `acs:ram::${server.accountId}:user/session-maker`);
  await clients.kms(server, lapsing).encrypt({keyId, plaintext: base64('x')});
  await refused(clients.kms(server, lapsing).listKeys({}), 'Forbidden.NoPermission', 403);
  await clients.pop(server, clients.VERSIONS.kms, lapsing).request('Encrypt', {KeyId: keyId, Plaintext: base64('x')}, {method: 'POST'});
  await clients.open(server, lapsing)('kms', 'Encrypt', {KeyId: keyId, Plaintext: base64('x')});
  for (const authorizationV4 of [true, false])
    await clients.oss(server, lapsing, {authorizationV4}).listBuckets();
});

test('what sessions may not', async () => {
  const lapsing = await session(server.owner);
  await refused(session(lapsing), 'NoPermission', 403);
  await refused(session(server.owner, {DurationSeconds: '899'}), 'InvalidParameter.DurationSeconds', 400);
  await refused(session(server.owner, {DurationSeconds: '129601'}), 'InvalidParameter.DurationSeconds', 400);
  const without = {id: lapsing.id, secret: lapsing.secret};
  await assert.rejects(clients.sts(server, without).getCallerIdentity());
  const changed = {...lapsing, token: lapsing.token.slice(0, -6) + 'AAAAAA'};
  const error = await clients.sts(server, changed).getCallerIdentity().then(() => assert.fail('not refused'), (e) => e);
  assert.match(error.code, /^(InvalidSecurityToken\.|SignatureDoesNotMatch)/);
  const mixed = {...server.owner, token: lapsing.token};
  const other = await clients.sts(server, mixed).getCallerIdentity().then(() => assert.fail('not refused'), (e) => e);
  assert.match(other.code, /^InvalidSecurityToken\.MismatchWithAccessKey/);
  await refused(clients.oss(server, mixed).listBuckets(), 'AccessKeyIdAndSecurityTokenNotMatch', 403);
});

test('a session ends with its user', async () => {
  const who = await newUser(server, 'ends');
  const lapsing = await session(who);
  await clients.sts(server, lapsing).getCallerIdentity();
  const ram = clients.ram(server);
  await ram.deleteAccessKey({userName: 'ends', userAccessKeyId: who.id});
  await ram.deleteUser({userName: 'ends'});
  const gone = await clients.sts(server, lapsing).getCallerIdentity().then(() => assert.fail('not refused'), (e) => e);
  assert.match(gone.code, /^InvalidSecurityToken\./);
  await newUser(server, 'ends', [allow('*')]); // somebody else of the same name
  await assert.rejects(clients.sts(server, lapsing).getCallerIdentity());
});

test('the account root takes no role on, and what this server does not have says so', async () => {
  const fields = {roleArn: `acs:ram::${server.accountId}:role/r`, roleSessionName: 'session'};
  await refused(sts.assumeRole(fields), 'NoPermission', 403);
  const old = new clients.OSS.STS({accessKeyId: server.owner.id, accessKeySecret: server.owner.secret, endpoint: server.http});
  await refused(old.assumeRole(fields.roleArn, null, 3600, 'session'), 'NoPermission', 403);
  await refused(clients.open(server)('sts', 'GenerateSessionAccessKey', {}), 'InvalidAction.NotFound', 404);
});

test('a signed request without a body works by GET and by POST, and is recorded as it came', async () => {
  for (const method of ['GET', 'POST']) {
    const signed = signV1(server.owner, VERSION, 'GetCallerIdentity', {}, {}, method);
    const answer = await raw(server, {method, path: '/?' + signed});
    assert.equal(answer.json().AccountId, server.accountId, method);
  }
  const put = await raw(server, {method: 'PUT', path: '/?' + signV1(server.owner, VERSION, 'GetCallerIdentity', {}, {}, 'PUT')});
  assert.notEqual(put.status, 200);
});

test('both signatures in one request are refused', async () => {
  const headers = {accept: 'application/json', ...signV3(server.owner, server, VERSION, 'GetCallerIdentity')};
  const answer = await raw(server, {path: '/?' + signV1(server.owner, VERSION, 'GetCallerIdentity', {}), headers});
  assert.equal(answer.status, 400);
  assert.match(answer.json().Code, /^(IncompleteSignature|SignatureDoesNotMatch)$/);
});

test('@alicloud/sts-sdk, over TLS', async () => {
  const old = new OldSts({endpoint: new URL(server.https).host, accessKeyId: server.owner.id, accessKeySecret: server.owner.secret});
  // with this client `ignoreSSL: false` switches the check of certificates off; the check itself is tested elsewhere
  // and it gives errors as answers
  const answer = await old.getCallerIdentity({ignoreSSL: false});
  assert.equal(answer.AccountId, server.accountId);
  const thief = new OldSts({endpoint: new URL(server.https).host, accessKeyId: server.owner.id, accessKeySecret: 'wrong'});
  assert.equal((await thief.getCallerIdentity({ignoreSSL: false})).Code, 'SignatureDoesNotMatch');
  // this client signs `*` and the like unescaped; the second reading of its signature must hold, so that the answer is about the role
  const policy = JSON.stringify({Version: '1', Statement: [{Effect: 'Allow', Action: '*', Resource: '*'}]});
  const about = await old.assumeRole(`acs:ram::${server.accountId}:role/r`, 'sess(1)', policy, 3600, {ignoreSSL: false});
  assert.equal(about.Code, 'NoPermission', about.Message);
});
