// @alicloud/ram20150501: groups, roles, who has which policy, tags, the account, last use of access keys.
'use strict';
const assert = require('node:assert/strict');
const {test, before, after} = require('node:test');
const clients = require('./clients');
const {newUser, policy, allow, deny, refused, events, until} = require('./help');
const {start} = require('./server');

let server, ram;

before(async () => {
  server = await start();
  ram = clients.ram(server);
});
after(() => server.stop());

const names = (list, name) => list.map((each) => each[name]).sort();

test('a user gets other data, and another name while it has no access key', async () => {
  await ram.createUser({userName: 'old-name', displayName: 'Old', comments: 'c', email: 'a@example.org'});
  const {user} = (await ram.updateUser({userName: 'old-name', newDisplayName: 'New', newMobilePhone: '86-2'})).body;
  assert.equal(user.displayName, 'New');
  assert.equal(user.comments, 'c');
  assert.equal(user.mobilePhone, '86-2');
  await ram.createUser({userName: 'taken'});
  await refused(ram.updateUser({userName: 'old-name', newUserName: 'taken'}), 'EntityAlreadyExists.User', 409);
  await refused(ram.updateUser({userName: 'old-name', newUserName: 'a b'}), 'InvalidParameter.NewUserName.InvalidChars', 400);
  await refused(ram.updateUser({userName: 'nobody', newDisplayName: 'x'}), 'EntityNotExist.User', 404);
  await ram.createGroup({groupName: 'kept'});
  await ram.addUserToGroup({userName: 'old-name', groupName: 'kept'});
  const renamed = (await ram.updateUser({userName: 'old-name', newUserName: 'new-name'})).body.user;
  assert.equal(renamed.userId, user.userId);
  await refused(ram.getUser({userName: 'old-name'}), 'EntityNotExist.User', 404);
  assert.deepEqual(names((await ram.listUsersForGroup({groupName: 'kept'})).body.users.user, 'userName'), ['new-name']);
  await ram.createAccessKey({userName: 'new-name'});
  await ram.updateUser({userName: 'new-name', newUserName: 'third'});
  assert.equal((await ram.listAccessKeys({userName: 'third'})).body.accessKeys.accessKey.length, 1);
});

test('groups: make, show, list by marker, rename, delete', async () => {
  const {group} = (await ram.createGroup({groupName: 'devs', comments: 'makes things'})).body;
  assert.match(group.groupId, /^\d+$/);
  await refused(ram.createGroup({groupName: 'devs'}), 'EntityAlreadyExists.Group', 409);
  await refused(ram.createGroup({groupName: 'a/b'}), 'InvalidParameter.GroupName.InvalidChars', 400);
  await refused(ram.getGroup({groupName: 'none'}), 'EntityNotExist.Group', 404);
  for (let i = 0; i < 4; i++) await ram.createGroup({groupName: `listed-${i}`});
  const seen = [];
  for (let marker, more = true; more;) {
    const {body} = await ram.listGroups({maxItems: 2, marker});
    seen.push(...names(body.groups.group, 'groupName'));
    more = body.isTruncated;
    marker = body.marker;
  }
  assert.deepEqual(seen.filter((n) => n.startsWith('listed-')), ['listed-0', 'listed-1', 'listed-2', 'listed-3']);
  await ram.createUser({userName: 'dev'});
  await ram.addUserToGroup({userName: 'dev', groupName: 'devs'});
  await refused(ram.addUserToGroup({userName: 'dev', groupName: 'devs'}), 'EntityAlreadyExists.User.Group', 409);
  await refused(ram.updateGroup({groupName: 'devs', newGroupName: 'listed-0'}), 'EntityAlreadyExists.Group', 409);
  const renamed = (await ram.updateGroup({groupName: 'devs', newGroupName: 'makers', newComments: 'still'})).body.group;
  assert.equal(renamed.groupId, group.groupId);
  assert.equal(renamed.comments, 'still');
  const of = (await ram.listGroupsForUser({userName: 'dev'})).body.groups.group;
  assert.deepEqual(names(of, 'groupName'), ['makers']);
  assert.match(of[0].joinDate, /^\d{4}-/);
  await refused(ram.deleteGroup({groupName: 'makers'}), 'DeleteConflict.Group.User', 409);
  await refused(ram.deleteUser({userName: 'dev'}), 'DeleteConflict.User.Group', 409);
  await ram.removeUserFromGroup({userName: 'dev', groupName: 'makers'});
  await refused(ram.removeUserFromGroup({userName: 'dev', groupName: 'makers'}), 'EntityNotExist.User.Group', 404);
  await ram.deleteGroup({groupName: 'makers'});
  await ram.deleteUser({userName: 'dev'});
});

test('a user may do what its groups may, at once, and not what any of them denies', async () => {
  const who = await newUser(server, 'grouped');
  const kms = clients.kms(server, who);
  await ram.createGroup({groupName: 'users-of-keys'});
  await ram.createGroup({groupName: 'no-lists'});
  await ram.createPolicy({policyName: 'no-lists', policyDocument: policy([deny('kms:List*')])});
  const grant = {policyName: 'AliyunKMSFullAccess', policyType: 'System', groupName: 'users-of-keys'};
  const member = {userName: 'grouped', groupName: 'users-of-keys'};
  await ram.attachPolicyToGroup(grant);
  await refused(kms.listKeys({}), 'Forbidden.NoPermission', 403);
  for (let i = 0; i < 2; i++) {
    await ram.addUserToGroup(member);
    await kms.listKeys({});
    await ram.detachPolicyFromGroup(grant);
    await refused(kms.listKeys({}), 'Forbidden.NoPermission', 403);
    await ram.attachPolicyToGroup(grant);
    await kms.listKeys({});
    await ram.removeUserFromGroup(member);
    await refused(kms.listKeys({}), 'Forbidden.NoPermission', 403);
  }
  await ram.addUserToGroup(member);
  await ram.attachPolicyToGroup({policyName: 'no-lists', policyType: 'Custom', groupName: 'no-lists'});
  await ram.addUserToGroup({userName: 'grouped', groupName: 'no-lists'});
  await refused(kms.listKeys({}), 'Forbidden.NoPermission', 403);
  await kms.createKey({});
  const held = (await ram.listPoliciesForGroup({groupName: 'users-of-keys'})).body.policies.policy;
  assert.deepEqual(names(held, 'policyName'), ['AliyunKMSFullAccess']);
  await refused(ram.attachPolicyToGroup(grant), 'EntityAlreadyExists.Group.Policy', 409);
  await refused(ram.detachPolicyFromGroup({...grant, policyName: 'ReadOnlyAccess'}), 'EntityNotExist.Group.Policy', 404);
  await refused(ram.deleteGroup({groupName: 'no-lists'}), 'DeleteConflict.Group.User', 409);
});

test('limits of groups and attachments', async () => {
  await ram.createUser({userName: 'in-many'});
  for (let i = 0; i < 6; i++) await ram.createGroup({groupName: `many-${i}`});
  for (let i = 0; i < 5; i++) await ram.addUserToGroup({userName: 'in-many', groupName: `many-${i}`});
  await refused(ram.addUserToGroup({userName: 'in-many', groupName: 'many-5'}), 'LimitExceeded.User.Group', 409);
  for (let i = 0; i < 6; i++) await ram.createPolicy({policyName: `limit-${i}`, policyDocument: policy([allow('kms:List*')])});
  for (let i = 0; i < 5; i++) await ram.attachPolicyToGroup({policyName: `limit-${i}`, policyType: 'Custom', groupName: 'many-0'});
  await refused(ram.attachPolicyToGroup({policyName: 'limit-5', policyType: 'Custom', groupName: 'many-0'}), 'LimitExceeded.Group.Policy', 409);
});

const trust = (...who) => JSON.stringify({Version: '1', Statement: [{Effect: 'Allow', Action: 'sts:AssumeRole', Principal: {RAM: who}}]});

test('roles: make, show, list, change, delete', async () => {
  const root = `acs:ram::${server.accountId}:root`;
  const fields = {roleName: 'auditor', assumeRolePolicyDocument: trust(root), description: 'looks', maxSessionDuration: 7200};
  const {role} = (await ram.createRole(fields)).body;
  assert.equal(role.arn, `acs:ram::${server.accountId}:role/auditor`);
  assert.equal(role.maxSessionDuration, 7200);
  await refused(ram.createRole(fields), 'EntityAlreadyExists.Role', 409);
  await refused(ram.createRole({...fields, roleName: 'a b'}), 'InvalidParameter.RoleName.InvalidChars', 400);
  await refused(ram.createRole({...fields, roleName: 'long', maxSessionDuration: 43201}), 'InvalidParameter.MaxSessionDuration.Format', 400);
  await refused(ram.createRole({...fields, roleName: 'broken', assumeRolePolicyDocument: '{'}), 'MalformedPolicyDocument', 400);
  const listed = (await ram.listRoles({})).body.roles.role.find((r) => r.roleName === 'auditor');
  assert.equal(listed.roleId, role.roleId);
  assert.equal(listed.assumeRolePolicyDocument, undefined);
  const changed = (await ram.updateRole({roleName: 'auditor', newDescription: 'sees', newMaxSessionDuration: 3600})).body.role;
  assert.equal(changed.description, 'sees');
  const seen = (await ram.getRole({roleName: 'auditor'})).body.role;
  assert.equal(seen.maxSessionDuration, 3600);
  assert.deepEqual(JSON.parse(seen.assumeRolePolicyDocument), JSON.parse(trust(root)));
  const grant = {policyName: 'ReadOnlyAccess', policyType: 'System', roleName: 'auditor'};
  await ram.attachPolicyToRole(grant);
  await refused(ram.attachPolicyToRole(grant), 'EntityAlreadyExists.Role.Policy', 409);
  assert.deepEqual(names((await ram.listPoliciesForRole({roleName: 'auditor'})).body.policies.policy, 'policyName'), ['ReadOnlyAccess']);
  await refused(ram.deleteRole({roleName: 'auditor'}), 'DeleteConflict.Role.Policy', 409);
  await ram.detachPolicyFromRole(grant);
  await refused(ram.detachPolicyFromRole(grant), 'EntityNotExist.Role.Policy', 404);
  await ram.deleteRole({roleName: 'auditor'});
  await refused(ram.getRole({roleName: 'auditor'}), 'EntityNotExist.Role', 404);
});

test('who has a policy, and what its deletion does', async () => {
  const policyName = 'everywhere';
  await ram.createPolicy({policyName, policyDocument: policy([allow('kms:List*')])});
  await ram.createUser({userName: 'holder'});
  await ram.createGroup({groupName: 'holders'});
  await ram.createRole({roleName: 'holding', assumeRolePolicyDocument: trust(`acs:ram::${server.accountId}:root`)});
  const what = {policyName, policyType: 'Custom'};
  await ram.attachPolicyToRole({...what, roleName: 'holding'});
  await refused(ram.deletePolicy({policyName}), 'DeleteConflict.Policy.Role', 409);
  await ram.attachPolicyToGroup({...what, groupName: 'holders'});
  await refused(ram.deletePolicy({policyName}), 'DeleteConflict.Policy.Group', 409);
  await ram.attachPolicyToUser({...what, userName: 'holder'});
  await refused(ram.deletePolicy({policyName}), 'DeleteConflict.Policy.User', 409);
  const {body} = await ram.listEntitiesForPolicy(what);
  assert.deepEqual(names(body.users.user, 'userName'), ['holder']);
  assert.deepEqual(names(body.groups.group, 'groupName'), ['holders']);
  assert.deepEqual(names(body.roles.role, 'roleName'), ['holding']);
  assert.match(body.roles.role[0].arn, /role\/holding$/);
  assert.equal((await ram.getPolicy(what)).body.policy.attachmentCount, 3);
  await refused(ram.listEntitiesForPolicy({policyName: 'none', policyType: 'Custom'}), 'EntityNotExist.Policy', 404);
  await ram.deletePolicy({policyName, cascadingDelete: true});
  assert.deepEqual((await ram.listPoliciesForUser({userName: 'holder'})).body.policies.policy, []);
  assert.deepEqual((await ram.listPoliciesForRole({roleName: 'holding'})).body.policies.policy, []);
  const system = (await ram.listEntitiesForPolicy({policyName: 'AdministratorAccess', policyType: 'System'})).body;
  assert.deepEqual(system.users.user, []);
});

test('descriptions and tags', async () => {
  const policyName = 'tagged';
  const tag = [{key: 'team', value: 'blue'}, {key: 'bare'}];
  await ram.createPolicy({policyName, policyDocument: policy([allow('kms:List*')]), tag});
  assert.equal((await ram.updatePolicyDescription({policyName, newDescription: 'told'})).body.policy.description, 'told');
  const found = async (wanted) => names((await ram.listPolicies({policyType: 'Custom', tag: wanted})).body.policies.policy, 'policyName');
  assert.deepEqual(await found([{key: 'team', value: 'blue'}]), [policyName]);
  assert.deepEqual(await found([{key: 'bare'}]), [policyName]);
  assert.deepEqual(await found([{key: 'team', value: 'red'}]), []);
  await ram.createUser({userName: 'tagged-user'});
  const call = clients.open(server);
  await call('ram', 'TagResources', {ResourceType: 'user', 'ResourceNames.1': 'tagged-user', 'Tag.1.Key': 'team', 'Tag.1.Value': 'red'});
  await call('ram', 'TagResources', {ResourceType: 'user', 'ResourceNames.1': 'tagged-user', 'Tag.1.Key': 'team', 'Tag.1.Value': 'green'});
  const listed = await call('ram', 'ListTagResources', {ResourceType: 'user', 'ResourceNames.1': 'tagged-user'});
  assert.deepEqual(listed.TagResources, [{ResourceType: 'user', ResourceName: 'tagged-user', TagKey: 'team', TagValue: 'green'}]);
  await refused(ram.tagResources({resourceType: 'policy', resourceNames: [policyName], tag: [{key: 'a'}, {key: 'a'}]}), 'InvalidParameter.Tag.Format', 400);
  const many = Array.from({length: 19}, (_, i) => ({key: `k${i}`}));
  await refused(ram.tagResources({resourceType: 'policy', resourceNames: [policyName], tag: many}), 'LimitExceeded.Tag', 409);
  await refused(ram.untagResources({resourceType: 'policy', resourceNames: [policyName]}), 'MissingParameter', 400);
  const twice = {resourceType: 'policy', resourceNames: [policyName, policyName]};
  await refused(ram.tagResources({...twice, tag: [{key: 'twice'}]}), 'InvalidParameter.ResourceNames.Format', 400);
  await refused(ram.untagResources({...twice, all: true}), 'InvalidParameter.ResourceNames.Format', 400);
  await ram.untagResources({resourceType: 'policy', resourceNames: [policyName], tagKeys: ['bare']});
  const left = (await ram.listTagResources({resourceType: 'policy'})).body.tagResources;
  assert.deepEqual(left.map((t) => `${t.resourceName} ${t.tagKey}=${t.tagValue}`), ['tagged team=blue']);
  await ram.untagResources({resourceType: 'policy', resourceNames: [policyName], all: true});
  assert.deepEqual(await found([{key: 'team'}]), []);
});

test('the account\'s alias', async () => {
  assert.equal((await ram.getAccountAlias()).body.accountAlias, undefined);
  for (const accountAlias of ['-ab', 'a--b', 'Abc', 'ab-']) await refused(ram.setAccountAlias({accountAlias}), 'InvalidParameter.AccountAlias.InvalidChars', 400);
  await ram.setAccountAlias({accountAlias: 'example-corp'});
  await ram.setAccountAlias({accountAlias: 'example-corp'});
  await ram.setAccountAlias({accountAlias: 'example-2'});
  assert.equal((await ram.getAccountAlias()).body.accountAlias, 'example-2');
  await ram.clearAccountAlias();
  assert.equal((await ram.getAccountAlias()).body.accountAlias, undefined);
});

test('when an access key signed last', async () => {
  const who = await newUser(server, 'used', [allow('kms:ListKeys')]);
  const last = async () => (await ram.getAccessKeyLastUsed({userName: 'used', userAccessKeyId: who.id})).body.accessKeyLastUsed.lastUsedDate;
  assert.equal(await last(), undefined);
  await refused(clients.kms(server, {...who, secret: 'wrong'}).listKeys({}), 'SignatureDoesNotMatch', 400);
  assert.equal(await last(), undefined);
  await clients.kms(server, who).listKeys({});
  assert.ok(Math.abs(Date.parse(await last()) - Date.now()) < 60000, await last());
  await refused(ram.getAccessKeyLastUsed({userName: 'used', userAccessKeyId: server.owner.id}), 'EntityNotExist.User.AccessKey', 404);
});

test('each is authorised on what it names, both where it names two', async () => {
  const account = server.accountId;
  await ram.createGroup({groupName: 'guarded'});
  await ram.createUser({userName: 'target'});
  const half = await newUser(server, 'half', [allow('ram:*', `acs:ram:*:${account}:group/*`)]);
  const whole = await newUser(server, 'whole', [allow('ram:AddUserToGroup', [`acs:ram:*:${account}:group/guarded`, `acs:ram:*:${account}:user/target`])]);
  const ask = {groupName: 'guarded', userName: 'target'};
  await refused(clients.ram(server, half).addUserToGroup(ask), 'NoPermission', 403);
  await clients.ram(server, half).getGroup({groupName: 'guarded'});
  await clients.ram(server, whole).addUserToGroup(ask);
  await refused(clients.ram(server, whole).removeUserFromGroup(ask), 'NoPermission', 403);
  await refused(clients.ram(server, half).setAccountAlias({accountAlias: 'mine'}), 'NoPermission', 403);
  await refused(clients.ram(server, half).tagResources({resourceType: 'user', resourceNames: ['target'], tag: [{key: 'k'}]}), 'NoPermission', 403);
  const [event] = await until(async () => {
    const found = await events(server, {EventName: 'AddUserToGroup'});
    return found.some((e) => e.userIdentity.userName === 'whole') && found;
  }, 'the event');
  assert.equal(event.requestParameters.GroupName, 'guarded');
});
