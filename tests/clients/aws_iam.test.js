// AWS's own clients for identities: @aws-sdk/client-iam and @aws-sdk/client-sts over the same users, roles and policies.
'use strict';
const test = require('node:test');
const assert = require('node:assert/strict');
const {IAM} = require('@aws-sdk/client-iam');
const {STS} = require('@aws-sdk/client-sts');
const {KMS} = require('@aws-sdk/client-kms');
const {start} = require('./server');

let server;
test.before(async () => { server = await start(); });
test.after(() => server.stop());

const REGION = 'cn-hangzhou';

function options(who = server.owner) {
  return {endpoint: server.http, region: REGION, maxAttempts: 1,
    credentials: {accessKeyId: who.id, secretAccessKey: who.secret, ...(who.token && {sessionToken: who.token})}};
}
const iam = (who) => new IAM(options(who));
const sts = (who) => new STS(options(who));
const kms = (who) => new KMS(options(who));

async function refused(call, name, status) {
  let answer;
  try {
    answer = await call;
  } catch (error) {
    assert.equal(error.name, name, error.stack);
    assert.equal(error.$metadata.httpStatusCode, status);
    return error;
  }
  return assert.fail(`was not refused with ${name}: ${JSON.stringify(answer)}`);
}

const allow = (...actions) => JSON.stringify({Version: '2012-10-17', Statement: [{Effect: 'Allow', Action: actions, Resource: '*'}]});

async function makeUser(name) {
  const {User: user} = await iam().createUser({UserName: name});
  const {AccessKey: key} = await iam().createAccessKey({UserName: name});
  return {user, id: key.AccessKeyId, secret: key.SecretAccessKey};
}

test('who am I', async () => {
  const me = await sts().getCallerIdentity({});
  assert.equal(me.Account, server.accountId);
  assert.equal(me.Arn, `arn:aws:iam::${server.accountId}:root`);
  await refused(sts({id: server.owner.id, secret: 'not-the-secret-of-anybody'}).getCallerIdentity({}), 'SignatureDoesNotMatch', 403);
  await refused(sts({id: 'AKIANOBODY', secret: 'not-the-secret-of-anybody'}).getCallerIdentity({}), 'SignatureDoesNotMatch', 403);
});

test('a user: made, shown, refused twice, deleted', async () => {
  const {User: user} = await iam().createUser({UserName: 'ann'});
  assert.equal(user.Arn, `arn:aws:iam::${server.accountId}:user/ann`);
  assert.equal((await iam().getUser({UserName: 'ann'})).User.UserId, user.UserId);
  await refused(iam().createUser({UserName: 'ann'}), 'EntityAlreadyExistsException', 409);
  assert.ok((await iam().listUsers({})).Users.some((each) => each.UserName === 'ann'));
  await iam().deleteUser({UserName: 'ann'});
  await refused(iam().getUser({UserName: 'ann'}), 'NoSuchEntityException', 404);
});

test('a policy is felt at once, and a denied user gets nothing', async () => {
  const bob = await makeUser('bob');
  const {KeyMetadata: key} = await kms().createKey({});
  await refused(kms(bob).describeKey({KeyId: key.KeyId}), 'AccessDeniedException', 400);
  await refused(iam(bob).createUser({UserName: 'mallory'}), 'AccessDenied', 403);
  const {Policy: policy} = await iam().createPolicy({PolicyName: 'describing', PolicyDocument: allow('kms:DescribeKey')});
  await iam().attachUserPolicy({UserName: 'bob', PolicyArn: policy.Arn});
  assert.equal((await kms(bob).describeKey({KeyId: key.KeyId})).KeyMetadata.KeyId, key.KeyId);
  await refused(kms(bob).disableKey({KeyId: key.KeyId}), 'AccessDeniedException', 400);
  await iam().detachUserPolicy({UserName: 'bob', PolicyArn: policy.Arn});
  await refused(kms(bob).describeKey({KeyId: key.KeyId}), 'AccessDeniedException', 400);
  await refused(iam().createPolicy({PolicyName: 'broken', PolicyDocument: '{'}), 'MalformedPolicyDocumentException', 400);
});

test('a group gives its users what it may do', async () => {
  const eve = await makeUser('eve');
  await iam().createGroup({GroupName: 'listers'});
  const {Policy: policy} = await iam().createPolicy({PolicyName: 'listing', PolicyDocument: allow('kms:ListKeys')});
  await iam().attachGroupPolicy({GroupName: 'listers', PolicyArn: policy.Arn});
  await refused(kms(eve).listKeys({}), 'AccessDeniedException', 400);
  await iam().addUserToGroup({GroupName: 'listers', UserName: 'eve'});
  assert.ok(Array.isArray((await kms(eve).listKeys({})).Keys));
  await iam().removeUserFromGroup({GroupName: 'listers', UserName: 'eve'});
  await refused(kms(eve).listKeys({}), 'AccessDeniedException', 400);
});

test('a role is taken on, within its policy and the session policy', async () => {
  const dan = await makeUser('dan');
  const trust = JSON.stringify({Version: '2012-10-17', Statement: [{Effect: 'Allow', Action: 'sts:AssumeRole',
    Principal: {AWS: `arn:aws:iam::${server.accountId}:user/dan`}}]});
  const {Role: role} = await iam().createRole({RoleName: 'keys', AssumeRolePolicyDocument: trust});
  const {Policy: policy} = await iam().createPolicy({PolicyName: 'all-of-kms', PolicyDocument: allow('kms:*')});
  await iam().attachRolePolicy({RoleName: 'keys', PolicyArn: policy.Arn});
  const wish = {RoleArn: role.Arn, RoleSessionName: 'at-work'};
  await refused(sts(dan).assumeRole(wish), 'AccessDenied', 403);
  const {Policy: assuming} = await iam().createPolicy({PolicyName: 'assuming', PolicyDocument: allow('sts:AssumeRole')});
  await iam().attachUserPolicy({UserName: 'dan', PolicyArn: assuming.Arn});
  const session = async (more = {}) => {
    const {Credentials: given} = await sts(dan).assumeRole({...wish, ...more});
    return {id: given.AccessKeyId, secret: given.SecretAccessKey, token: given.SessionToken};
  };
  const whole = await session();
  assert.equal((await sts(whole).getCallerIdentity({})).Arn, `arn:aws:sts::${server.accountId}:assumed-role/keys/at-work`);
  const {KeyMetadata: key} = await kms(whole).createKey({});
  await refused(iam(whole).createUser({UserName: 'mallory'}), 'AccessDenied', 403);
  const narrow = await session({Policy: allow('kms:DescribeKey')});
  assert.equal((await kms(narrow).describeKey({KeyId: key.KeyId})).KeyMetadata.KeyId, key.KeyId);
  await refused(kms(narrow).disableKey({KeyId: key.KeyId}), 'AccessDeniedException', 400);
  await refused(sts({...whole, token: whole.token.slice(0, -4)}).getCallerIdentity({}), 'InvalidClientTokenId', 403);
});

test('policies of its own, a bound, tags and a new name', async () => {
  const fay = await makeUser('fay');
  const {KeyMetadata: key} = await kms().createKey({});
  await iam().putUserPolicy({UserName: 'fay', PolicyName: 'own', PolicyDocument: allow('kms:*', 'iam:ListUsers')});
  assert.equal((await kms(fay).describeKey({KeyId: key.KeyId})).KeyMetadata.KeyId, key.KeyId);
  await iam().putUserPermissionsBoundary({UserName: 'fay', PermissionsBoundary: 'arn:aws:iam::aws:policy/AliyunRAMReadOnlyAccess'});
  await refused(kms(fay).describeKey({KeyId: key.KeyId}), 'AccessDeniedException', 400);
  await iam().tagUser({UserName: 'fay', Tags: [{Key: 'team', Value: 'red'}]});
  await iam().updateUser({UserName: 'fay', NewUserName: 'fiona'});
  assert.equal((await sts(fay).getCallerIdentity({})).Arn, `arn:aws:iam::${server.accountId}:user/fiona`);
  assert.ok((await iam(fay).listUsers({})).Users.length > 0);
  assert.deepEqual((await iam().listUserTags({UserName: 'fiona'})).Tags, [{Key: 'team', Value: 'red'}]);
  const details = (await iam().getAccountAuthorizationDetails({Filter: ['User']})).UserDetailList.find((each) => each.UserName === 'fiona');
  assert.deepEqual(details.UserPolicyList.map((each) => each.PolicyName), ['own']);
  const told = await iam().simulatePrincipalPolicy({PolicySourceArn: details.Arn, ActionNames: ['kms:Encrypt', 'iam:ListUsers']});
  assert.deepEqual(told.EvaluationResults.map((each) => each.EvalDecision), ['implicitDeny', 'allowed']);
});

test('a device, the account, whose key it is, a decoded refusal', async () => {
  const gus = await makeUser('gus');
  const {VirtualMFADevice: device} = await iam().createVirtualMFADevice({VirtualMFADeviceName: 'watch'});
  assert.match(Buffer.from(device.Base32StringSeed).toString(), /^[A-Z2-7]{32}$/);
  await refused(iam().enableMFADevice({UserName: 'gus', SerialNumber: device.SerialNumber, AuthenticationCode1: '000000', AuthenticationCode2: '000001'}),
    'InvalidAuthenticationCodeException', 403);
  await iam().deleteVirtualMFADevice({SerialNumber: device.SerialNumber});
  await iam().createAccountAlias({AccountAlias: 'js-house'});
  assert.deepEqual((await iam().listAccountAliases({})).AccountAliases, ['js-house']);
  assert.ok((await iam().getAccountSummary({})).SummaryMap.Users >= 1);
  assert.equal((await iam().getAccessKeyLastUsed({AccessKeyId: gus.id})).UserName, 'gus');
  assert.equal((await sts().getAccessKeyInfo({AccessKeyId: gus.id})).Account, server.accountId);
  const refusal = await refused(iam(gus).listUsers({}), 'AccessDenied', 403);
  const [, message] = /EncodedDiagnosticMessage: ([A-Za-z0-9+/=]+)/.exec(refusal.message);
  assert.equal(JSON.parse((await sts().decodeAuthorizationMessage({EncodedMessage: message})).DecodedMessage).context.action, 'ram:ListUsers');
});

test('what this server does not have says so', async () => {
  await refused(iam().createInstanceProfile({InstanceProfileName: 'x'}), 'InvalidAction', 400);
});
