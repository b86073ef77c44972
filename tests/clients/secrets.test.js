// Secrets through @alicloud/kms20160120, and through pop-core what that package has no method for.
'use strict';
const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const {test, before, after} = require('node:test');
const clients = require('./clients');
const {newUser, allow, deny, refused, base64, raw, signV1, events} = require('./help');
const {start} = require('./server');

let server, kms, pop;
const ask = (action, fields = {}, method = 'POST') => pop.request(action, fields, {method, timeout: 20000});

before(async () => {
  server = await start();
  kms = clients.kms(server);
  pop = clients.pop(server, clients.VERSIONS.kms);
});
after(() => server.stop());

let made = 0;
const newName = () => `test/secret-${++made}`;
async function newSecret(fields = {}) {
  const secretName = newName();
  await kms.createSecret({secretName, versionId: 'v1', secretData: 'first value', ...fields});
  return secretName;
}
const newKey = async () => (await kms.createKey({})).keyMetadata.keyId;
const get = async (secretName, more = {}) => (await kms.getSecretValue({secretName, ...more}));
const stagesOf = async (secretName) => {
  const {versionIds} = await kms.listSecretVersionIds({secretName, includeDeprecated: 'true', pageSize: 100});
  return Object.fromEntries(versionIds.versionId.map((v) => [v.versionId, v.versionStages.versionStage]));
};

test('a secret is made, read, described and listed', async () => {
  const secretName = newName(), description = 'the one for é&=';
  const text = 'Pa ss+w%rd=&é\u{1F511}"\\\n\t<x>';
  const answer = await kms.createSecret({secretName, versionId: 'v1', secretData: text, description,
    tags: JSON.stringify([{TagKey: 'env', TagValue: 'prod'}])});
  assert.equal(answer.secretName, secretName);
  assert.equal(answer.versionId, 'v1');
  assert.equal(answer.arn, `acs:kms:cn-hangzhou:${server.accountId}:secret/${secretName}`);
  const value = await get(secretName);
  assert.equal(value.secretData, text);
  assert.equal(value.secretDataType, 'text');
  assert.equal(value.versionId, 'v1');
  assert.deepEqual(value.versionStages.versionStage, ['ACSCurrent']);
  assert.equal((await get(answer.arn)).secretData, text);
  const seen = await kms.describeSecret({secretName, fetchTags: 'true'});
  assert.equal(seen.description, description);
  assert.equal(seen.arn, answer.arn);
  assert.ok(!JSON.stringify(seen).includes('Pa ss'));
  assert.deepEqual(seen.tags.tag.map((t) => [t.tagKey, t.tagValue]), [['env', 'prod']]);
  const listed = (await kms.listSecrets({pageSize: 100})).secretList.secret.find((s) => s.secretName === secretName);
  assert.ok(listed && listed.createTime && listed.updateTime);
});

test('binary values come back byte for byte', async () => {
  const bytes = crypto.randomBytes(3000);
  const secretName = await newSecret({secretData: base64(bytes), secretDataType: 'binary'});
  const value = await get(secretName);
  assert.equal(value.secretDataType, 'binary');
  assert.deepEqual(Buffer.from(value.secretData, 'base64'), bytes);
  await refused(kms.createSecret({secretName: newName(), versionId: 'v1', secretData: 'not base64!', secretDataType: 'binary'}), 'InvalidParameter', 400);
});

test('limits of values and names', async () => {
  const most = 'x'.repeat(65536);
  const secretName = newName();
  await ask('CreateSecret', {SecretName: secretName, VersionId: 'v1', SecretData: most});
  assert.equal((await ask('GetSecretValue', {SecretName: secretName})).SecretData, most);
  await refused(ask('PutSecretValue', {SecretName: secretName, VersionId: 'v2', SecretData: most + 'x'}), 'InvalidParameter');
  const good = {versionId: 'v1', secretData: 'x'};
  for (const wrong of ['acs/mine', 'a b', 'a:b', 'a*', 'é', 'x'.repeat(513)])
    await refused(kms.createSecret({...good, secretName: wrong}), 'InvalidParameter', 400);
  await refused(kms.createSecret({...good, secretName: newName(), versionId: 'v'.repeat(65)}), 'InvalidParameter', 400);
  await refused(kms.createSecret({...good, secretName: newName(), secretDataType: 'picture'}), 'InvalidParameter', 400);
  await refused(kms.createSecret({...good, secretName: newName(), secretData: 'a\0b'}), 'InvalidParameter', 400);
  await refused(kms.createSecret({...good, secretName: newName(), tags: JSON.stringify([{TagKey: 'acs:x', TagValue: ''}])}), 'InvalidParameter', 400);
  await refused(ask('CreateSecret', {SecretName: newName(), VersionId: 'v1', SecretData: 'x', SecretType: 'Rds'}), 'Rejected.UnsupportedOperation');
  await refused(ask('CreateSecret', {SecretName: newName(), VersionId: 'v1', SecretData: 'x', SecretType: 'None'}), 'InvalidParameter');
  for (const missing of ['SecretName', 'VersionId', 'SecretData'])
    await refused(ask('CreateSecret', {SecretName: newName(), VersionId: 'v1', SecretData: 'x', [missing]: ''}), 'MissingParameter');
  await refused(ask('PutSecretValue', {SecretName: secretName, SecretData: 'x'}), 'MissingParameter');
});

test('new versions move the labels', async () => {
  const secretName = await newSecret();
  const put = await kms.putSecretValue({secretName, versionId: 'v2', secretData: 'second value'});
  assert.deepEqual(put.versionStages.versionStage, ['ACSCurrent']);
  assert.equal((await get(secretName)).secretData, 'second value');
  assert.equal((await get(secretName, {versionStage: 'ACSPrevious'})).secretData, 'first value');
  assert.equal((await get(secretName, {versionId: 'v1'})).secretData, 'first value');
  assert.equal((await get(secretName, {versionId: 'v1', versionStage: 'ACSPrevious'})).secretData, 'first value');
  await refused(get(secretName, {versionId: 'v1', versionStage: 'ACSCurrent'}), 'Forbidden.ResourceNotFound', 404);
  await refused(get(secretName, {versionId: 'v9'}), 'Forbidden.ResourceNotFound', 404);
  await refused(get(secretName, {versionStage: 'Nowhere'}), 'Forbidden.ResourceNotFound', 404);
  await kms.putSecretValue({secretName, versionId: 'v3', secretData: 'third', versionStages: JSON.stringify(['canary'])});
  assert.equal((await get(secretName)).secretData, 'second value');
  assert.equal((await get(secretName, {versionStage: 'canary'})).secretData, 'third');
  assert.deepEqual(await stagesOf(secretName), {v1: ['ACSPrevious'], v2: ['ACSCurrent'], v3: ['canary']});
  for (const wrong of ['["a","a"]', '[""]', '{"a":1}', '[1]', JSON.stringify(Array.from({length: 9}, (_, i) => `l${i}`))])
    await refused(kms.putSecretValue({secretName, versionId: 'v4', secretData: 'x', versionStages: wrong}), 'InvalidParameter', 400);
});

test('the same version once more is taken only with the same value', async () => {
  const secretName = await newSecret();
  await kms.putSecretValue({secretName, versionId: 'v2', secretData: 'second value'});
  await kms.putSecretValue({secretName, versionId: 'v3', secretData: 'third value'});
  const again = await kms.putSecretValue({secretName, versionId: 'v2', secretData: 'second value'});
  assert.deepEqual(again.versionStages.versionStage, ['ACSPrevious']);
  assert.equal((await get(secretName)).secretData, 'third value');
  for (const other of ['second valuf', 'second value ', 'x'])
    await refused(kms.putSecretValue({secretName, versionId: 'v2', secretData: other}), 'Rejected.ResourceExist', 409);
  await refused(kms.createSecret({secretName, versionId: 'v1', secretData: 'first value'}), 'Rejected.ResourceExist', 409);
});

test('ten versions are kept: those without a label go first', async () => {
  const secretName = await newSecret();
  await kms.updateSecretVersionStage({secretName, versionStage: 'kept', moveToVersion: 'v1'});
  for (let i = 2; i <= 14; i++) await kms.putSecretValue({secretName, versionId: `v${i}`, secretData: `value ${i}`});
  const stages = await stagesOf(secretName);
  assert.deepEqual(Object.keys(stages), ['v14', 'v13', 'v12', 'v11', 'v10', 'v9', 'v8', 'v7', 'v6', 'v1']);
  assert.deepEqual(stages.v14, ['ACSCurrent']);
  await refused(get(secretName, {versionId: 'v5'}), 'Forbidden.ResourceNotFound', 404);
  assert.equal((await get(secretName, {versionId: 'v1'})).secretData, 'first value');
  assert.equal((await get(secretName, {versionId: 'v6'})).secretData, 'value 6');
  const shown = await kms.listSecretVersionIds({secretName});
  assert.deepEqual(shown.versionIds.versionId.map((v) => v.versionId), ['v14', 'v13', 'v1']);
  const page = await kms.listSecretVersionIds({secretName, includeDeprecated: 'true', pageNumber: 2, pageSize: 3});
  assert.deepEqual(page.versionIds.versionId.map((v) => v.versionId), ['v11', 'v10', 'v9']);
  assert.equal(page.totalCount, 10);
});

test('labels are moved and taken away', async () => {
  const secretName = await newSecret();
  await kms.putSecretValue({secretName, versionId: 'v2', secretData: 'second value'});
  await kms.updateSecretVersionStage({secretName, versionStage: 'ACSCurrent', moveToVersion: 'v1'});
  assert.deepEqual(await stagesOf(secretName), {v1: ['ACSCurrent'], v2: ['ACSPrevious']});
  await kms.updateSecretVersionStage({secretName, versionStage: 'mine', moveToVersion: 'v1'});
  await refused(kms.updateSecretVersionStage({secretName, versionStage: 'mine', removeFromVersion: 'v2'}), 'InvalidParameter', 400);
  await refused(kms.updateSecretVersionStage({secretName, versionStage: 'mine', moveToVersion: 'v2', removeFromVersion: 'v2'}), 'InvalidParameter', 400);
  await kms.updateSecretVersionStage({secretName, versionStage: 'mine', moveToVersion: 'v2', removeFromVersion: 'v1'});
  assert.deepEqual((await stagesOf(secretName)).v2, ['ACSPrevious', 'mine']);
  await kms.updateSecretVersionStage({secretName, versionStage: 'mine', removeFromVersion: 'v2'});
  await refused(kms.updateSecretVersionStage({secretName, versionStage: 'ACSCurrent', removeFromVersion: 'v1'}), 'InvalidParameter', 400);
  await refused(kms.updateSecretVersionStage({secretName, versionStage: 'ACSPrevious', removeFromVersion: 'v2'}), 'InvalidParameter', 400);
  await refused(kms.updateSecretVersionStage({secretName, versionStage: 'mine', moveToVersion: 'v7'}), 'Forbidden.ResourceNotFound', 404);
  await refused(kms.updateSecretVersionStage({secretName, versionStage: 'mine'}), 'MissingParameter', 400);
});

test('deleted secrets can be restored within their window', async () => {
  const secretName = await newSecret();
  for (const recoveryWindowInDays of ['6', '31', 'x'])
    await refused(kms.deleteSecret({secretName, recoveryWindowInDays}), 'InvalidParameter', 400);
  await refused(kms.deleteSecret({secretName, recoveryWindowInDays: '7', forceDeleteWithoutRecovery: 'true'}), 'InvalidParameter', 400);
  const {plannedDeleteTime} = await kms.deleteSecret({secretName, recoveryWindowInDays: '7'});
  assert.ok(Math.abs(Date.parse(plannedDeleteTime) - Date.now() - 7 * 86400e3) < 120e3, plannedDeleteTime);
  assert.equal((await kms.describeSecret({secretName})).plannedDeleteTime, plannedDeleteTime);
  const window = [get(secretName), kms.putSecretValue({secretName, versionId: 'v2', secretData: 'x'}),
    kms.createSecret({secretName, versionId: 'v1', secretData: 'x'}), kms.updateSecret({secretName, description: 'x'}),
    kms.deleteSecret({secretName}), kms.updateSecretVersionStage({secretName, versionStage: 'x', moveToVersion: 'v1'})];
  await refused(window, 'Rejected.ResourceInDeleteWindow', 409);
  await kms.restoreSecret({secretName});
  assert.equal((await get(secretName)).secretData, 'first value');
  assert.ok(!(await kms.describeSecret({secretName})).plannedDeleteTime);
});

test('a secret deleted at once is gone, and its name is free', async () => {
  const secretName = await newSecret();
  await kms.deleteSecret({secretName, forceDeleteWithoutRecovery: 'true'});
  await refused([get(secretName), kms.describeSecret({secretName}), kms.restoreSecret({secretName}), kms.deleteSecret({secretName})],
    'Forbidden.ResourceNotFound', 404);
  await kms.createSecret({secretName, versionId: 'v1', secretData: 'another one'});
  assert.equal((await get(secretName)).secretData, 'another one');
});

test('ListSecrets pages and filters', async () => {
  const prefix = `list-${crypto.randomUUID()}`;
  for (let i = 0; i < 7; i++)
    await newSecret({secretName: `${prefix}/${i}`, description: `number ${i}`, tags: JSON.stringify([{TagKey: `k${i % 2}`, TagValue: `${i}`}])});
  const list = async (filters, more = {}) => ask('ListSecrets', {Filters: JSON.stringify(filters), PageSize: 100, ...more});
  const names = (answer) => answer.SecretList.Secret.map((s) => s.SecretName.slice(prefix.length + 1));
  const mine = {Key: 'SecretName', Values: [prefix]};
  assert.deepEqual(names(await list([mine])), ['0', '1', '2', '3', '4', '5', '6']);
  const second = await list([mine], {PageNumber: 2, PageSize: 3});
  assert.deepEqual(names(second), ['3', '4', '5']);
  assert.equal(second.TotalCount, 7);
  assert.deepEqual(names(await list([mine, {Key: 'TagKey', Values: ['k1']}])), ['1', '3', '5']);
  assert.deepEqual(names(await list([mine, {Key: 'TagValue', Values: ['2', '3']}])), ['2', '3']);
  assert.deepEqual(names(await list([mine, {Key: 'Description', Values: ['number 6', 'none']}])), ['6']);
  const tagged = (await list([mine], {FetchTags: 'true'})).SecretList.Secret[1];
  assert.deepEqual(tagged.Tags.Tag.map((t) => [t.TagKey, t.TagValue]), [['k1', '1']]);
  for (const wrong of ['{', '[{"Key":"Colour","Values":["red"]}]', '[{"Key":"SecretName"}]'])
    await refused(ask('ListSecrets', {Filters: wrong}), 'InvalidParameter');
});

test('a key of one\'s own seals the values; disabled, nothing can be read', async () => {
  const encryptionKeyId = await newKey();
  const secretName = await newSecret({encryptionKeyId});
  assert.equal((await kms.describeSecret({secretName})).encryptionKeyId, encryptionKeyId);
  await kms.disableKey({keyId: encryptionKeyId});
  await refused([get(secretName), kms.putSecretValue({secretName, versionId: 'v2', secretData: 'x'})], 'Rejected.Disabled', 409);
  assert.equal((await kms.describeSecret({secretName})).encryptionKeyId, encryptionKeyId);
  await kms.enableKey({keyId: encryptionKeyId});
  assert.equal((await get(secretName)).secretData, 'first value');
  await kms.scheduleKeyDeletion({keyId: encryptionKeyId, pendingWindowInDays: 7});
  await refused(get(secretName), 'Rejected.PendingDeletion', 409);
  await refused(kms.createSecret({secretName: newName(), versionId: 'v1', secretData: 'x', encryptionKeyId: crypto.randomUUID()}),
    'Forbidden.KeyNotFound', 404);
  await kms.createAlias({aliasName: 'alias/seals', keyId: await newKey()});
  const byAlias = await newSecret({encryptionKeyId: 'alias/seals'});
  assert.equal((await get(byAlias)).secretData, 'first value');
  await refused(kms.createSecret({secretName: newName(), versionId: 'v1', secretData: 'x', encryptionKeyId: 'alias/nothing'}),
    'Forbidden.AliasNotFound', 404);
});

test('the secret\'s permission and the key\'s are both needed', async () => {
  const keyId = await newKey();
  const secretName = await newSecret({encryptionKeyId: keyId}), plain = await newSecret();
  const secretArn = `acs:kms:*:*:secret/${secretName}`, keyArn = `acs:kms:*:*:key/${keyId}`;
  const onlySecret = clients.kms(server, await newUser(server, 'only-secret', [allow('kms:*', [secretArn, `acs:kms:*:*:secret/${plain}`])]));
  const onlyKey = clients.kms(server, await newUser(server, 'only-key', [allow('kms:*', keyArn)]));
  const reader = clients.kms(server, await newUser(server, 'reader', [allow('kms:GetSecretValue', secretArn), allow('kms:Decrypt', keyArn)]));
  const writer = clients.kms(server, await newUser(server, 'writer', [allow('kms:PutSecretValue', secretArn), allow('kms:GenerateDataKey', keyArn)]));
  const barred = clients.kms(server, await newUser(server, 'barred', [allow('kms:*'), deny('kms:GetSecretValue', secretArn)]));
  const nobody = clients.kms(server, await newUser(server, 'nobody'));
  const no = (call) => refused(call, 'Forbidden.NoPermission', 403);
  await no([onlySecret.getSecretValue({secretName}), onlyKey.getSecretValue({secretName}), writer.getSecretValue({secretName}),
    barred.getSecretValue({secretName}), nobody.getSecretValue({secretName}), nobody.getSecretValue({secretName: 'nothing'}),
    reader.getSecretValue({secretName: plain})]);
  assert.equal((await reader.getSecretValue({secretName})).secretData, 'first value');
  assert.equal((await onlySecret.getSecretValue({secretName: plain})).secretData, 'first value'); // the account's own key
  await no([reader.putSecretValue({secretName, versionId: 'v2', secretData: 'x'}), onlySecret.putSecretValue({secretName, versionId: 'v2', secretData: 'x'}),
    reader.describeSecret({secretName}), reader.listSecrets({}), reader.deleteSecret({secretName}), nobody.getRandomPassword({})]);
  await writer.putSecretValue({secretName, versionId: 'v2', secretData: 'written'});
  assert.equal((await reader.getSecretValue({secretName})).secretData, 'written');
});

test('tags decide: the secret\'s about the secret, the key\'s about the key', async () => {
  const tags = Array.from({length: 10}, (_, i) => ({TagKey: `t${i}`, TagValue: `${i}`}));
  const tagged = JSON.stringify(tags);
  const Tags = JSON.stringify([{TagKey: 'team', TagValue: 'pay'}]);
  const keyId = JSON.parse((await raw(server, {body: signV1(server.owner, clients.VERSIONS.kms, 'CreateKey', {Tags}),
    headers: {'content-type': 'application/x-www-form-urlencoded'}})).body).KeyMetadata.KeyId;
  const secretName = await newSecret({tags: tagged, encryptionKeyId: keyId});
  const may = (name, condition) => newUser(server, name, [allow('kms:GetSecretValue', 'acs:kms:*:*:secret/*', condition), allow('kms:Decrypt')]);
  const last = clients.kms(server, await may('tag-last', {StringEquals: {'kms:tag/t9': '9'}}));
  const other = clients.kms(server, await may('tag-other', {StringEquals: {'kms:tag/t9': '8'}}));
  assert.equal((await last.getSecretValue({secretName})).secretData, 'first value');
  await refused(other.getSecretValue({secretName}), 'Forbidden.NoPermission', 403);
  const byKey = async (name, condition) => clients.kms(server,
    await newUser(server, name, [allow('kms:GetSecretValue'), allow('kms:Decrypt', '*', condition)]));
  assert.equal((await (await byKey('key-tag', {StringEquals: {'kms:tag/team': 'pay'}})).getSecretValue({secretName})).secretData, 'first value');
  await refused((await byKey('secret-tag', {StringEquals: {'kms:tag/t9': '9'}})).getSecretValue({secretName}), 'Forbidden.NoPermission', 403);
});

test('a dry run of reading', async () => {
  const secretName = await newSecret();
  await refused(ask('GetSecretValue', {SecretName: secretName, DryRun: 'true'}), 'DryRunOperationError');
  await refused(ask('GetSecretValue', {SecretName: 'nothing', DryRun: 'true'}), 'Forbidden.ResourceNotFound');
});

test('UpdateSecret changes what it names', async () => {
  const secretName = await newSecret({description: 'one'});
  await ask('UpdateSecret', {SecretName: secretName, 'ExtendedConfig.CustomData': '{"a":"b"}'});
  assert.equal((await kms.describeSecret({secretName})).description, 'one');
  await kms.updateSecret({secretName, description: 'two'});
  assert.equal((await kms.describeSecret({secretName})).description, 'two');
  assert.equal((await ask('GetSecretValue', {SecretName: secretName, FetchExtendedConfig: 'true'})).ExtendedConfig, '{"a":"b"}');
  await refused(kms.updateSecret({secretName: 'nothing', description: 'x'}), 'Forbidden.ResourceNotFound', 404);
  await refused(kms.updateSecret({secretName: `acs:kms:cn-hangzhou:1999999999999999:secret/${secretName}`, description: 'x'}), 'Forbidden.ResourceNotFound', 404);
});

test('random passwords', async () => {
  const one = (await kms.getRandomPassword({})).randomPassword, two = (await kms.getRandomPassword({})).randomPassword;
  assert.equal(one.length, 32);
  assert.notEqual(one, two);
  for (const kind of [/[a-z]/, /[A-Z]/, /[0-9]/, /[^A-Za-z0-9]/]) assert.match(one, kind);
  const digits = await kms.getRandomPassword({passwordLength: '12', excludeLowercase: 'true', excludeUppercase: 'true', excludePunctuation: 'true', excludeCharacters: '01'});
  assert.match(digits.randomPassword, /^[2-9]{12}$/);
  await refused(kms.getRandomPassword({passwordLength: '4097'}), 'InvalidParameter', 400);
  await refused(kms.getRandomPassword({passwordLength: '0'}), 'InvalidParameter', 400);
  await refused(kms.getRandomPassword({excludeCharacters: '0123456789'}), 'InvalidParameter', 400);
});

test('a rotation waits for its confirmation', async () => {
  const SecretName = await newSecret();
  await refused(ask('RotateSecret', {SecretName, VersionId: 'r1'}), 'Rejected.UnsupportedOperation');
  await ask('UpdateSecretRotationPolicy', {SecretName, EnableAutomaticRotation: 'false', PasswordLength: 20, ExcludePunctuation: 'true'});
  const made = await ask('RotateSecret', {SecretName, VersionId: 'r1'});
  assert.equal(made.VersionId, 'r1');
  assert.ok(!('SecretData' in made));
  assert.equal((await get(SecretName)).secretData, 'first value');
  const pending = await get(SecretName, {versionStage: 'ACSPending'});
  assert.match(pending.secretData, /^[A-Za-z0-9]{20}$/);
  await ask('RotateSecret', {SecretName, VersionId: 'r1'}); // the same once more
  assert.equal((await get(SecretName, {versionStage: 'ACSPending'})).secretData, pending.secretData);
  await refused(ask('RotateSecret', {SecretName, VersionId: 'r2'}), 'Rejected.StateModifiedFailed');
  await kms.updateSecretVersionStage({secretName: SecretName, versionStage: 'ACSCurrent', moveToVersion: 'r1'});
  assert.equal((await get(SecretName)).secretData, pending.secretData);
  assert.deepEqual(await stagesOf(SecretName), {r1: ['ACSCurrent'], v1: ['ACSPrevious']});
  assert.ok((await ask('DescribeSecret', {SecretName})).LastRotationDate);
  await ask('RotateSecret', {SecretName, VersionId: 'r2'});
});

test('with Activation AtOnce the new value counts from then on', async () => {
  const SecretName = await newSecret();
  await ask('UpdateSecretRotationPolicy', {SecretName, EnableAutomaticRotation: 'false', Activation: 'AtOnce'});
  await ask('RotateSecret', {SecretName, VersionId: 'r1'});
  const first = (await get(SecretName)).secretData;
  assert.equal(first.length, 32);
  await ask('RotateSecret', {SecretName, VersionId: 'r2'});
  assert.notEqual((await get(SecretName)).secretData, first);
  assert.equal((await get(SecretName, {versionStage: 'ACSPrevious'})).secretData, first);
});

test('in XML, too', async () => {
  const SecretName = await newSecret({secretData: 'a<b>&"c'});
  const answer = await raw(server, {body: signV1(server.owner, clients.VERSIONS.kms, 'GetSecretValue', {SecretName}, {Format: 'XML'}),
    headers: {'content-type': 'application/x-www-form-urlencoded'}});
  assert.match(answer.body.toString(), /<VersionStages><VersionStage>ACSCurrent<\/VersionStage><\/VersionStages><SecretData>a&lt;b&gt;&amp;&quot;c<\/SecretData>/);
});

test('values are not in the trail; who read which secret with which key is', async () => {
  const keyId = await newKey();
  const marker = 'marker-of-a-secret-0123456789';
  const secretName = await newSecret({secretData: marker, encryptionKeyId: keyId});
  const {requestId} = await get(secretName);
  const found = await events(server, {ResourceName: secretName});
  const read = found.find((e) => e.requestId === requestId);
  assert.equal(read.eventName, 'GetSecretValue');
  assert.equal(read.requestParameters.SecretName, secretName);
  assert.ok(JSON.stringify(read).includes(keyId));
  assert.ok(found.some((e) => e.eventName === 'CreateSecret' && e.requestParameters.SecretData === '***'));
  assert.ok(!JSON.stringify(found).includes(marker));
});
