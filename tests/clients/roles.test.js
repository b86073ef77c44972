// Roles taken on: @alicloud/sts20150401, ali-oss' STS and its stsToken, @alicloud/sts-sdk, @alicloud/pop-core.
'use strict';
const assert = require('node:assert/strict');
const {test, before, after} = require('node:test');
const OldSts = require('@alicloud/sts-sdk');
const clients = require('./clients');
const {newUser, policy, allow, deny, refused, events, until, base64} = require('./help');
const {start} = require('./server');

let server, ram, root;

before(async () => {
  server = await start();
  ram = clients.ram(server);
  root = `acs:ram::${server.accountId}:root`;
});
after(() => server.stop());

const trust = (principal, condition) => JSON.stringify({Version: '1', Statement: [
  {Effect: 'Allow', Action: 'sts:AssumeRole', Principal: {RAM: principal}, ...(condition && {Condition: condition})}]});
const arnOf = (roleName) => `acs:ram::${server.accountId}:role/${roleName}`;

// A role with the policy statements given.
async function newRole(roleName, statements, {trusting = trust(root), ...more} = {}) {
  await ram.createRole({roleName, assumeRolePolicyDocument: trusting, ...more});
  if (statements.length) {
    await ram.createPolicy({policyName: `${roleName}-may`, policyDocument: policy(statements)});
    await ram.attachPolicyToRole({policyName: `${roleName}-may`, policyType: 'Custom', roleName});
  }
  return arnOf(roleName);
}

const taker = (name) => newUser(server, name, [allow('sts:AssumeRole')]);

async function assume(who, roleArn, more = {}) {
  const {body} = await clients.sts(server, who).assumeRole({roleArn, roleSessionName: 'session', ...more});
  const c = body.credentials;
  return {id: c.accessKeyId, secret: c.accessKeySecret, token: c.securityToken, expires: c.expiration, body};
}

test('a role gives its permissions, and not the taker\'s', async () => {
  const {keyMetadata: {keyId}} = await clients.kms(server).createKey({});
  const who = await newUser(server, 'taker', [allow('sts:AssumeRole'), allow('kms:ListKeys')]);
  const role = await newRole('encrypter', [allow('kms:Encrypt')]);
  const taken = await assume(who, role, {durationSeconds: 900});
  assert.match(taken.id, /^STS\./);
  const left_s = (Date.parse(taken.expires) - Date.now()) / 1000;
  assert.ok(left_s > 800 && left_s <= 901, taken.expires);
  assert.equal(taken.body.assumedRoleUser.arn, `acs:ram::${server.accountId}:role/encrypter/session`);
  assert.match(taken.body.assumedRoleUser.assumedRoleId, /^\d+:session$/);
  const {body: id} = await clients.sts(server, taken).getCallerIdentity();
  assert.equal(id.identityType, 'AssumedRoleUser');
  assert.equal(id.arn, `acs:ram::${server.accountId}:assumed-role/encrypter/session`);
  assert.equal(id.principalId, taken.body.assumedRoleUser.assumedRoleId);
  assert.equal(id.roleId, id.principalId.split(':')[0]);
  assert.equal(id.userId, undefined);
  await clients.kms(server, taken).encrypt({keyId, plaintext: base64('x')});
  await clients.pop(server, clients.VERSIONS.kms, taken).request('Encrypt', {KeyId: keyId, Plaintext: base64('x')}, {method: 'POST'});
  await refused(clients.kms(server, taken).listKeys({}), 'Forbidden.NoPermission', 403);
  const [event] = await until(async () => {
    const found = await events(server, {EventName: 'Encrypt'});
    return found.length && found;
  }, 'the event');
  assert.equal(event.userIdentity.type, 'assumed-role');
  assert.equal(event.userIdentity.userName, 'encrypter:session');
  assert.equal(event.userIdentity.principalId, id.principalId);
  assert.equal(event.userIdentity.sessionContext.attributes.mfaAuthenticated, 'false');
});

test('both sides must allow it', async () => {
  const nobody = await newUser(server, 'may-not');
  const named = await newUser(server, 'named');
  const may = await taker('may');
  const role = await newRole('open', [allow('*')]);
  await refused(assume(nobody, role), 'NoPermission', 403);
  const closed = await newRole('closed', [allow('*')], {trusting: trust(`acs:ram::${server.accountId}:user/named`)});
  await refused(assume(may, closed), 'NoPermission', 403);
  await refused(assume(named, closed), 'NoPermission', 403); // its own policies have to allow it as well
  await assume(await (async () => {
    await ram.attachPolicyToUser({policyName: 'AliyunSTSAssumeRoleAccess', policyType: 'System', userName: 'named'});
    return named;
  })(), closed);
  await refused(assume(server.owner, role), 'NoPermission', 403); // the root takes no role on
  await refused(assume(may, arnOf('none')), 'EntityNotExist.Role', 404);
  await refused(assume(may, 'acs:ram::1999999999999999:role/open'), 'NoPermission', 403); // other accounts' roles: whether they are there is not told
  for (const wrong of ['open', 'acs:ram::role/open', `acs:kms::${server.accountId}:role/open`, `acs:ram::${server.accountId}:user/open`, `acs:ram::${server.accountId}:role/o*`])
    await refused(assume(may, wrong), 'InvalidParameter.RoleArn', 400);
  await assume(may, `arn:aws:iam::${server.accountId}:role/open`); // the other cloud's name of the same role
  await ram.createPolicy({policyName: 'never', policyDocument: policy([deny('sts:AssumeRole', `acs:ram:*:${server.accountId}:role/open`)])});
  await ram.attachPolicyToUser({policyName: 'never', policyType: 'Custom', userName: 'may'});
  await refused(assume(may, role), 'NoPermission', 403);
});

test('external ids, session names, durations', async () => {
  const who = await taker('careful');
  const role = await newRole('external', [allow('*')], {trusting: trust(root, {StringEquals: {'sts:ExternalId': 'agreed'}})});
  await refused(assume(who, role), 'NoPermission', 403);
  await refused(assume(who, role, {externalId: 'guessed'}), 'NoPermission', 403);
  await assume(who, role, {externalId: 'agreed'});
  const short = await newRole('short', [allow('*')]);
  await refused(assume(who, short, {durationSeconds: 3601}), 'InvalidParameter.DurationSeconds', 400);
  await refused(assume(who, short, {durationSeconds: 899}), 'InvalidParameter.DurationSeconds', 400);
  await refused(assume(who, short, {roleSessionName: 'a b'}), 'InvalidParameter.RoleSessionName', 400);
  await refused(assume(who, short, {roleSessionName: 'a/b'}), 'InvalidParameter.RoleSessionName', 400);
  const long = await newRole('long', [allow('*')], {maxSessionDuration: 43200});
  await assume(who, long, {durationSeconds: 43200});
  await refused(ram.createRole({roleName: 'x', assumeRolePolicyDocument: trust(root).replace('sts:AssumeRole', 'kms:Encrypt')}), 'MalformedPolicyDocument', 400);
  await refused(ram.updateRole({roleName: 'long', newAssumeRolePolicyDocument: '{}'}), 'MalformedPolicyDocument', 400);
});

test('a session policy only takes away', async () => {
  const {keyMetadata: {keyId}} = await clients.kms(server).createKey({});
  const who = await taker('limiter');
  const role = await newRole('limited', [allow('kms:*')]);
  const wider = await assume(who, role, {policy: policy([allow('*')])});
  await clients.kms(server, wider).listKeys({});
  await refused(clients.ram(server, wider).listUsers({}), 'NoPermission', 403);
  const narrower = await assume(who, role, {policy: policy([allow('kms:Encrypt')])});
  await clients.kms(server, narrower).encrypt({keyId, plaintext: base64('x')});
  await refused(clients.kms(server, narrower).listKeys({}), 'Forbidden.NoPermission', 403);
  const denied = await assume(who, role, {policy: policy([allow('*'), deny('kms:List*')])});
  await refused(clients.kms(server, denied).listKeys({}), 'Forbidden.NoPermission', 403);
  await refused(assume(who, role, {policy: '{"Version":"1"}'}), 'InvalidParameter.PolicyGrammar', 400);
  await refused(assume(who, role, {policy: policy([allow(Array(200).fill('kms:Describe*'))])}), 'InvalidParameter.PolicySize', 400);
});

test('what a role session may not: keys of its own, sessions of its own, the root\'s keys', async () => {
  const who = await taker('restless');
  const all = await assume(who, await newRole('admin', [allow('*')]));
  const self = clients.ram(server, all);
  await refused(self.createAccessKey({}), 'MissingParameter', 400);
  await refused(self.listAccessKeys({}), 'MissingParameter', 400);
  await refused(self.changePassword({oldPassword: 'x', newPassword: 'yyyyyyyy'}), 'NoPermission', 403);
  await refused(clients.open(server, all)('sts', 'GetSessionToken'), 'NoPermission', 403);
  await self.createUser({userName: 'by-role'});
  await self.createAccessKey({userName: 'by-role'});
});

test('a role may be taken on from a role, for an hour at most, with the source identity carried along', async () => {
  const who = await taker('first');
  const one = await newRole('one', [allow('sts:AssumeRole')], {maxSessionDuration: 7200});
  const two = await newRole('two', [allow('kms:ListKeys')], {maxSessionDuration: 7200, trusting: trust(arnOf('one'))});
  await refused(assume(who, two), 'NoPermission', 403);
  const inOne = await assume(who, one, {durationSeconds: 7200, sourceIdentity: 'alice@example.org'});
  assert.equal(inOne.body.sourceIdentity, 'alice@example.org');
  await refused(assume(inOne, two, {durationSeconds: 3601}), 'InvalidParameter.DurationSeconds', 400);
  await refused(assume(inOne, two, {sourceIdentity: 'bob'}), 'NoPermission', 403);
  const inTwo = await assume(inOne, two);
  assert.equal(inTwo.body.sourceIdentity, 'alice@example.org');
  await clients.kms(server, inTwo).listKeys({});
});

test('sessions end with their role, and when they are revoked', async () => {
  const who = await taker('revoked');
  const role = await newRole('ending', [allow('kms:ListKeys')]);
  const first = await assume(who, role);
  await clients.kms(server, first).listKeys({});
  await clients.open(server)('keyhold', 'RevokeRoleSessions', {RoleName: 'ending', Before: '2020-01-01T00:00:00Z'});
  await clients.kms(server, first).listKeys({});
  await clients.open(server)('keyhold', 'RevokeRoleSessions', {RoleName: 'ending'});
  const ended = await clients.kms(server, first).listKeys({}).then(() => assert.fail('still valid'), (e) => e);
  assert.match(ended.code, /^InvalidSecurityToken\.Expired/);
  const second = await until(async () => {
    const taken = await assume(who, role);
    return clients.kms(server, taken).listKeys({}).then(() => taken, () => null); // those of the same second ended as well
  }, 'a new session');
  await ram.detachPolicyFromRole({policyName: 'ending-may', policyType: 'Custom', roleName: 'ending'});
  await refused(clients.kms(server, second).listKeys({}), 'Forbidden.NoPermission', 403);
  await ram.deleteRole({roleName: 'ending'});
  const gone = await clients.kms(server, second).listKeys({}).then(() => assert.fail('still valid'), (e) => e);
  assert.match(gone.code, /^InvalidSecurityToken\./);
  await newRole('ending2', []);
  await ram.createRole({roleName: 'ending', assumeRolePolicyDocument: trust(root)});
  await ram.attachPolicyToRole({policyName: 'ending-may', policyType: 'Custom', roleName: 'ending'});
  await assert.rejects(clients.kms(server, second).listKeys({})); // another role of the same name
});

test('ali-oss: its own STS client, and storage with what it gave', async () => {
  const who = await taker('storer');
  const role = await newRole('storing', [allow('oss:*')]);
  const sts = new clients.OSS.STS({accessKeyId: who.id, accessKeySecret: who.secret, endpoint: server.http});
  const {credentials: c} = await sts.assumeRole(role, {Version: '1', Statement: [allow('oss:*')]}, 900, 'ali-oss');
  const taken = {id: c.AccessKeyId, secret: c.AccessKeySecret, token: c.SecurityToken};
  for (const authorizationV4 of [true, false]) {
    const oss = clients.oss(server, taken, {authorizationV4});
    const bucket = `by-role-${authorizationV4 ? 4 : 1}`;
    await oss.putBucket(bucket);
    oss.useBucket(bucket);
    await oss.put('a', Buffer.from('of a role'));
    assert.equal((await oss.get('a')).content.toString(), 'of a role');
    await refused(clients.oss(server, {...taken, token: undefined}).listBuckets(), 'SignatureDoesNotMatch', 403);
  }
  const refusedRole = sts.assumeRole(arnOf('none'), null, 3600, 'session');
  await refused(refusedRole, 'EntityNotExist.Role', 404);
});

test('@alicloud/sts-sdk, over TLS, with its own reading of how parameters are signed', async () => {
  const who = await taker('old-client');
  const role = await newRole('of-old-client', [allow('kms:*')]);
  const old = new OldSts({endpoint: new URL(server.https).host, accessKeyId: who.id, accessKeySecret: who.secret});
  const answer = await old.assumeRole(role, 'sess1', policy([allow('*')]), 3600, {ignoreSSL: false});
  const taken = {id: answer.Credentials.AccessKeyId, secret: answer.Credentials.AccessKeySecret, token: answer.Credentials.SecurityToken};
  await clients.kms(server, taken).listKeys({});
});
