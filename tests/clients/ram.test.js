// @alicloud/ram20150501 1.2.1: V3 signatures. Also @alicloud/ram 1.0.0, its predecessor with V1.
'use strict';
const assert = require('node:assert/strict');
const {test, before, after} = require('node:test');
const OldRam = require('@alicloud/ram');
const clients = require('./clients');
const {newUser, policy, allow, deny, refused, signV3, raw, now, base64, events} = require('./help');
const {start} = require('./server');

const VERSION = clients.VERSIONS.ram;
let server, ram;

before(async () => {
  server = await start();
  ram = clients.ram(server);
});
after(() => server.stop());

test('users: make, show, refuse twice, delete', async () => {
  const fields = {userName: 'alice.b-c_1', displayName: 'Al ice*~é!\'() \u{1F511}', comments: 'a&b=c%', email: 'a@example.org', mobilePhone: '86-1'};
  const {body} = await ram.createUser(fields);
  assert.equal(body.user.userName, fields.userName);
  assert.equal(body.user.displayName, fields.displayName);
  assert.match(body.user.userId, /^\d+$/);
  assert.match(body.user.createDate, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  const seen = (await ram.getUser({userName: fields.userName})).body.user;
  assert.equal(seen.userId, body.user.userId);
  for (const name of Object.keys(fields)) assert.equal(seen[name], fields[name], name);
  await refused(ram.createUser(fields), 'EntityAlreadyExists.User', 409);
  await ram.deleteUser({userName: fields.userName});
  await refused(ram.getUser({userName: fields.userName}), 'EntityNotExist.User', 404);
  await refused(ram.deleteUser({userName: fields.userName}), 'EntityNotExist.User', 404);
});

test('user names are of the right form', async () => {
  for (const userName of ['a b', 'ü', 'a/b', '../x', 'a%2Fb'])
    await refused(ram.createUser({userName}), 'InvalidParameter.UserName.InvalidChars', 400);
  await refused(ram.createUser({userName: 'x'.repeat(65)}), 'InvalidParameter.UserName.Length', 400);
  await refused(ram.createUser({displayName: 'nameless'}), 'MissingParameter', 400);
});

test('ListUsers goes on by marker', async () => {
  const names = Array.from({length: 7}, (_, i) => `page-${i}`);
  for (const userName of names) await ram.createUser({userName});
  const seen = [];
  for (let marker, more = true; more;) {
    const {body} = await ram.listUsers({maxItems: 3, marker});
    assert.ok(body.users.user.length <= 3);
    seen.push(...body.users.user.map((u) => u.userName));
    more = body.isTruncated;
    marker = body.marker;
    assert.equal(Boolean(marker), more);
  }
  assert.deepEqual(seen.filter((n) => n.startsWith('page-')), names);
  assert.equal(new Set(seen).size, seen.length);
});

test('access keys: the secret once, two at most, on and off', async () => {
  const userName = 'keys';
  await ram.createUser({userName});
  const first = (await ram.createAccessKey({userName})).body.accessKey;
  assert.ok(first.accessKeySecret.length >= 30);
  assert.equal(first.status, 'Active');
  const second = (await ram.createAccessKey({userName})).body.accessKey;
  assert.notEqual(first.accessKeySecret, second.accessKeySecret);
  await refused(ram.createAccessKey({userName}), 'LimitExceeded.User.AccessKey', 409);
  const listed = (await ram.listAccessKeys({userName})).body.accessKeys.accessKey;
  assert.deepEqual(listed.map((k) => k.accessKeyId).sort(), [first.accessKeyId, second.accessKeyId].sort());
  assert.ok(!JSON.stringify(listed).includes('ecret'));

  const who = {id: first.accessKeyId, secret: first.accessKeySecret};
  assert.equal((await clients.sts(server, who).getCallerIdentity()).body.arn, `acs:ram::${server.accountId}:user/${userName}`);
  await ram.updateAccessKey({userName, userAccessKeyId: who.id, status: 'Inactive'});
  await refused(clients.sts(server, who).getCallerIdentity(), 'InvalidAccessKeyId.Inactive', 400);
  // only who has the secret is told that the key is switched off
  await refused(clients.sts(server, {...who, secret: 'wrong'}).getCallerIdentity(), 'SignatureDoesNotMatch', 400);
  await ram.updateAccessKey({userName, userAccessKeyId: who.id, status: 'Active'});
  await clients.sts(server, who).getCallerIdentity();
  await refused(ram.deleteUser({userName}), 'DeleteConflict.User.AccessKey', 409);
  await ram.deleteAccessKey({userName, userAccessKeyId: who.id});
  await refused(clients.sts(server, who).getCallerIdentity(), 'SignatureDoesNotMatch', 400);
  await refused(ram.deleteAccessKey({userName, userAccessKeyId: who.id}), 'EntityNotExist.User.AccessKey', 404);
  await refused(ram.deleteAccessKey({userName, userAccessKeyId: server.owner.id}), 'EntityNotExist.User.AccessKey', 404);
});

test('a user manages its own access keys only when allowed, and never another\'s', async () => {
  const own = await newUser(server, 'self', [allow(['ram:CreateAccessKey', 'ram:ListAccessKeys'], `acs:ram:*:${server.accountId}:user/self`)]);
  const self = clients.ram(server, own);
  const made = (await self.createAccessKey({})).body.accessKey;
  const id = (await clients.sts(server, {id: made.accessKeyId, secret: made.accessKeySecret}).getCallerIdentity()).body;
  assert.match(id.arn, /user\/self$/);
  assert.equal((await self.listAccessKeys({})).body.accessKeys.accessKey.length, 2);
  await ram.createUser({userName: 'other'});
  await refused(self.createAccessKey({userName: 'other'}), 'NoPermission', 403);
});

test('policies: versions, defaults, limits, conflicts', async () => {
  const policyName = 'versions', document = (n) => policy([allow(`kms:List${n}*`)]);
  const made = (await ram.createPolicy({policyName, policyDocument: document(1), description: 'with é'})).body.policy;
  assert.equal(made.defaultVersion, 'v1');
  assert.equal(made.policyType, 'Custom');
  await refused(ram.createPolicy({policyName, policyDocument: document(1)}), 'EntityAlreadyExists.Policy', 409);
  for (let n = 2; n <= 5; n++) {
    const {policyVersion} = (await ram.createPolicyVersion({policyName, policyDocument: document(n), setAsDefault: n === 3})).body;
    assert.equal(policyVersion.versionId, `v${n}`);
    assert.equal(policyVersion.isDefaultVersion, n === 3);
  }
  await refused(ram.createPolicyVersion({policyName, policyDocument: document(6)}), 'LimitExceeded.Policy.Version', 409);
  const rotated = await ram.createPolicyVersion({policyName, policyDocument: document(6), rotateStrategy: 'DeleteOldestNonDefaultVersionWhenLimitExceeded'});
  assert.equal(rotated.body.policyVersion.versionId, 'v6');
  const listed = (await ram.listPolicyVersions({policyName, policyType: 'Custom'})).body.policyVersions.policyVersion;
  assert.deepEqual(listed.map((v) => v.versionId), ['v2', 'v3', 'v4', 'v5', 'v6']);
  const got = (await ram.getPolicy({policyName, policyType: 'Custom'})).body;
  assert.equal(got.policy.defaultVersion, 'v3');
  assert.equal(got.policy.description, 'with é');
  assert.deepEqual(JSON.parse(got.defaultPolicyVersion.policyDocument), JSON.parse(document(3)));
  await ram.setDefaultPolicyVersion({policyName, versionId: 'v4'});
  await refused(ram.deletePolicyVersion({policyName, versionId: 'v4'}), 'DeleteConflict.Policy.Version.Default', 409);
  await refused(ram.getPolicyVersion({policyName, policyType: 'Custom', versionId: 'v1'}), 'EntityNotExist.Policy.Version', 404);
  await refused(ram.deletePolicy({policyName}), 'DeleteConflict.Policy.Version', 409);
  for (const versionId of ['v2', 'v3', 'v5', 'v6']) await ram.deletePolicyVersion({policyName, versionId});
  await ram.createUser({userName: 'attached'});
  const grant = {policyName, policyType: 'Custom', userName: 'attached'};
  await ram.attachPolicyToUser(grant);
  await refused(ram.attachPolicyToUser(grant), 'EntityAlreadyExists.User.Policy', 409);
  await refused(ram.deletePolicy({policyName}), 'DeleteConflict.Policy.User', 409);
  await refused(ram.deleteUser({userName: 'attached'}), 'DeleteConflict.User.Policy', 409);
  assert.deepEqual((await ram.listPoliciesForUser({userName: 'attached'})).body.policies.policy.map((p) => p.policyName), [policyName]);
  await ram.detachPolicyFromUser(grant);
  await refused(ram.detachPolicyFromUser(grant), 'EntityNotExist.User.Policy', 404);
  await ram.deletePolicy({policyName});
  await refused(ram.getPolicy({policyName, policyType: 'Custom'}), 'EntityNotExist.Policy', 404);
});

test('policy documents that could be misread are refused', async () => {
  const wrong = ['', '{', '[]', '{}', '{"Version":"2","Statement":[]}', policy([{Effect: 'Perhaps', Action: '*', Resource: '*'}]),
    policy([{Effect: 'Allow', Action: '*'}]), policy([{Effect: 'Allow', Resource: '*'}]), policy([{Effect: 'Allow', Action: '*', Resource: '*', Colour: 'red'}]),
    policy([allow('*', '*', {NoSuchOperator: {'acs:SourceIp': '1'}})]), policy([allow('*', '*', {IpAddress: {'acs:SourceIp': '300.1.1.1'}})]),
    '{"Version":"1","Statement":[{"Effect":"Deny","Effect":"Allow","Action":"*","Resource":"*"}]}'];
  for (const policyDocument of wrong) {
    const error = await ram.createPolicy({policyName: 'wrong', policyDocument}).then(() => assert.fail(policyDocument), (e) => e);
    assert.match(error.code, /^(MalformedPolicyDocument|MissingParameter|InvalidParameter\..*)$/, policyDocument);
  }
  await refused(ram.createPolicy({policyName: 'a b', policyDocument: policy([allow('*')])}), 'InvalidParameter.PolicyName.InvalidChars', 400);
  await refused(ram.createPolicy({policyName: 'x', policyDocument: policy([allow(Array(500).fill('kms:Describe*'))])}), 'InvalidParameter.PolicyDocument.Length', 400);
});

test('system policies', async () => {
  const {policies} = (await ram.listPolicies({policyType: 'System', maxItems: 1000})).body;
  const names = policies.policy.map((p) => p.policyName);
  for (const name of ['AdministratorAccess', 'AliyunKMSFullAccess', 'AliyunKMSReadOnlyAccess', 'AliyunOSSFullAccess', 'AliyunOSSReadOnlyAccess'])
    assert.ok(names.includes(name), name);
  await refused(ram.createPolicy({policyName: 'AdministratorAccess', policyDocument: policy([allow('*')])}), 'EntityAlreadyExists.Policy', 409);
  await refused(ram.deletePolicy({policyName: 'AdministratorAccess'}), 'NoPermission', 403);
  await refused(ram.attachPolicyToUser({policyName: 'Nothing', policyType: 'System', userName: 'other'}), 'EntityNotExist.Policy', 404);
  const reader = await newUser(server, 'reader');
  await ram.attachPolicyToUser({policyName: 'AliyunKMSReadOnlyAccess', policyType: 'System', userName: 'reader'});
  const kms = clients.kms(server, reader);
  await kms.listKeys({});
  await refused(kms.createKey({}), 'Forbidden.NoPermission', 403);
  const admin = await newUser(server, 'admin');
  await ram.attachPolicyToUser({policyName: 'AdministratorAccess', policyType: 'System', userName: 'admin'});
  await clients.ram(server, admin).createUser({userName: 'by-admin'});
});

test('a policy change is felt at once', async () => {
  const who = await newUser(server, 'felt');
  const kms = clients.kms(server, who);
  const grant = {policyName: 'AliyunKMSFullAccess', policyType: 'System', userName: 'felt'};
  for (let i = 0; i < 3; i++) {
    await refused(kms.listKeys({}), 'Forbidden.NoPermission', 403);
    await ram.attachPolicyToUser(grant);
    await kms.listKeys({});
    await ram.detachPolicyFromUser(grant);
  }
});

test('statements: NotAction, wildcards, conditions, and a denial beats every allowance', async () => {
  const {keyMetadata: {keyId}} = await clients.kms(server).createKey({});
  const asks = {
    describe: (kms) => kms.describeKey({keyId}), list: (kms) => kms.listKeys({}), encrypt: (kms) => kms.encrypt({keyId, plaintext: base64('x')}),
  };
  const key = `acs:kms:cn-hangzhou:${server.accountId}:key/${keyId}`;
  const cases = [
    [[allow('kms:*')], ['describe', 'list', 'encrypt']],
    [[allow('KMS:describekey')], ['describe']],
    [[allow('kms:De??ribeKey', key)], ['describe']],
    [[allow('kms:*', 'acs:kms:cn-beijing:*:*')], []],
    [[allow('kms:*', 'acs:kms:*:1999999999999999:*')], []],
    [[{Effect: 'Allow', NotAction: ['kms:Encrypt', 'kms:List*'], Resource: '*'}], ['describe']],
    [[allow('kms:*'), deny('kms:Encrypt', key)], ['describe', 'list']],
    [[allow('*', '*', {IpAddress: {'acs:SourceIp': ['10.0.0.0/8', '127.0.0.0/8']}})], ['describe', 'list', 'encrypt']],
    [[allow('*', '*', {NotIpAddress: {'acs:SourceIp': '127.0.0.1'}})], []],
    [[allow('*', '*', {Bool: {'acs:SecureTransport': 'true'}})], []],
    [[allow('*', '*', {DateLessThan: {'acs:CurrentTime': '2001-01-01T00:00:00Z'}})], []],
    [[allow('*', '*', {DateGreaterThan: {'acs:CurrentTime': '2001-01-01T00:00:00+08:00'}})], ['describe', 'list', 'encrypt']],
  ];
  for (let i = 0; i < cases.length; i++) {
    const [statements, allowed] = cases[i];
    const kms = clients.kms(server, await newUser(server, `case-${i}`, statements));
    for (const [name, ask] of Object.entries(asks)) {
      const where = `${JSON.stringify(statements)} ${name}`;
      const result = await ask(kms).then(() => 'allowed', (e) => e.code);
      assert.equal(result, allowed.includes(name) ? 'allowed' : 'Forbidden.NoPermissionError', where);
    }
  }
});

test('a wrong secret, a replay, an old request, an unsigned header', async () => {
  await refused(clients.ram(server, {...server.owner, secret: 'wrong'}).listUsers({}), 'SignatureDoesNotMatch', 400);
  await refused(clients.ram(server, {id: 'LTAInobody', secret: 'x'}).listUsers({}), 'SignatureDoesNotMatch', 400);
  const ask = async (headers, status, code) => {
    const answer = await raw(server, {headers: {accept: 'application/json', ...headers}});
    assert.equal(answer.json().Code, code, answer.body.toString());
    assert.equal(answer.status, status);
  };
  const signed = signV3(server.owner, server, VERSION, 'ListUsers');
  await ask(signed, 200, undefined);
  await ask(signed, 400, 'SignatureNonceUsed');
  for (const offset_s of [-901, 901])
    await ask(signV3(server.owner, server, VERSION, 'ListUsers', {headers: {'x-acs-date': now(offset_s)}}), 400, 'InvalidTimeStamp.Expired');
  await ask(signV3(server.owner, server, VERSION, 'ListUsers', {headers: {'x-acs-date': 'now'}}), 400, 'InvalidTimeStamp.Format');
  const other = signV3(server.owner, server, VERSION, 'ListUsers');
  await ask({...other, 'x-acs-action': 'DeleteUser'}, 400, 'SignatureDoesNotMatch');
  await ask({...other, host: 'elsewhere'}, 400, 'SignatureDoesNotMatch');
  const unsigned = {...other, authorization: other.authorization.replace('x-acs-action;', '')};
  await ask(unsigned, 400, 'IncompleteSignature');
  await ask({...other, authorization: 'ACS3-HMAC-SHA256 Credential=x'}, 400, 'IncompleteSignature');
  await ask({...other, 'x-acs-content-sha256': '0'.repeat(64)}, 400, 'SignatureDoesNotMatch');
});

test('a body that is not what was signed', async () => {
  const headers = signV3(server.owner, server, VERSION, 'CreateUser', {body: 'UserName=signed', headers: {'content-type': 'application/x-www-form-urlencoded'}});
  const answer = await raw(server, {headers: {accept: 'application/json', ...headers}, body: 'UserName=forged'});
  assert.equal(answer.json().Code, 'InvalidParameter', answer.body.toString());
  await refused(ram.getUser({userName: 'forged'}), 'EntityNotExist.User', 404);
});

test('answers in XML, which is the default of this product', async () => {
  const headers = signV3(server.owner, server, VERSION, 'ListUsers', {query: 'MaxItems=1'});
  const answer = await raw(server, {path: '/?MaxItems=1', headers});
  assert.equal(answer.headers['content-type'], 'text/xml;charset=utf-8');
  assert.match(answer.body.toString(), /<ListUsersResponse><RequestId>[^<]+<\/RequestId>.*<Users><User>.*<\/ListUsersResponse>\s*$/s);
  const error = await raw(server, {path: '/?UserName=none', headers: signV3(server.owner, server, VERSION, 'GetUser', {query: 'UserName=none'})});
  assert.equal(error.status, 404);
  assert.match(error.body.toString(), /<Error><RequestId>[^<]+<\/RequestId>.*<Code>EntityNotExist.User<\/Code>.*<\/Error>\s*$/s);
});

test('the predecessor of the SDK', async () => {
  const old = new OldRam({endpoint: server.http, accessKeyId: server.owner.id, accessKeySecret: server.owner.secret});
  const name = 'old-client';
  assert.equal((await old.createUser({UserName: name, DisplayName: 'o&l=d'})).User.UserName, name);
  const {AccessKey} = await old.createAccessKey({UserName: name});
  assert.ok(AccessKey.AccessKeySecret);
  await refused(old.getUser({UserName: 'none'}), 'EntityNotExist.User');
  const denied = new OldRam({endpoint: server.http, accessKeyId: AccessKey.AccessKeyId, accessKeySecret: AccessKey.AccessKeySecret});
  await refused(denied.listUsers({}), 'NoPermission');
  const thief = new OldRam({endpoint: server.http, accessKeyId: server.owner.id, accessKeySecret: 'wrong'});
  await refused(thief.listUsers({}), 'SignatureDoesNotMatch');
});

test('secrets of access keys are not in the trail', async () => {
  await ram.createUser({userName: 'silent'});
  const {body} = await ram.createAccessKey({userName: 'silent'});
  const made = await events(server, {EventName: 'CreateAccessKey'});
  const event = made.find((e) => e.requestId === body.requestId);
  assert.equal(event.requestParameters.UserName, 'silent');
  assert.ok(!JSON.stringify(made).includes(body.accessKey.accessKeySecret));
});
