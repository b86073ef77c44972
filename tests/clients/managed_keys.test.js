// Managed data keys, through the clients that call any operation by name.
'use strict';
const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const {test, before, after} = require('node:test');
const {SecretsManager} = require('@aws-sdk/client-secrets-manager');
const clients = require('./clients');
const {newUser, allow, deny, refused, events} = require('./help');
const {start} = require('./server');

let server, kms, open, KeyId;
const ask = (action, fields = {}, who) => (who ? clients.pop(server, clients.VERSIONS.kms, who) : kms).request(action, fields, {method: 'POST', timeout: 20000});
const own = (action, fields = {}, who) => clients.open(server, who)('keyhold', action, fields);

before(async () => {
  server = await start();
  kms = clients.pop(server, clients.VERSIONS.kms);
  open = clients.open(server);
  KeyId = (await ask('CreateKey')).KeyMetadata.KeyId;
});
after(() => server.stop());

test('a data key, its versions, and reading them', async () => {
  const DataKeyName = 'backup/main';
  const made = await own('CreateManagedDataKey', {DataKeyName, KeyId});
  assert.match(made.Arn, new RegExp(`:${server.accountId}:managed-data-key/backup/main$`));
  const first = await ask('GetManagedDataKey', {DataKeyName, UseLatest: true});
  assert.deepEqual([first.DataKeyVersionId, first.DataKeyVersionName], [made.DataKeyVersionId, '1']);
  assert.equal(Buffer.from(first.Plaintext, 'base64').length, 32);
  assert.equal((await ask('GetManagedDataKey', {DataKeyName})).Plaintext, first.Plaintext);
  const next = await own('CreateManagedDataKeyVersion', {DataKeyName, NumberOfBytes: 64});
  const latest = await open('kms', 'GetManagedDataKey', {DataKeyName});
  assert.deepEqual([latest.DataKeyVersionId, latest.DataKeyVersionName], [next.DataKeyVersionId, '2']);
  assert.equal(Buffer.from(latest.Plaintext, 'base64').length, 64);
  assert.equal((await ask('GetManagedDataKey', {DataKeyName, DataKeyVersionId: made.DataKeyVersionId})).Plaintext, first.Plaintext);
  const listed = await ask('ListManagedDataKeyVersions', {DataKeyName, PageSize: 1});
  assert.deepEqual([listed.TotalCount, listed.ManagedDataKeyVersions.ManagedDataKeyVersion.map((v) => v.DataKeyVersionId)], [2, [next.DataKeyVersionId]]);
  const all = await own('ListManagedDataKeys');
  assert.deepEqual(all.ManagedDataKeys.map((k) => [k.DataKeyName, k.KeyId, k.DataKeyVersionId]), [[DataKeyName, KeyId, next.DataKeyVersionId]]);
  for (let i = 2; i < 10; i++) await own('CreateManagedDataKeyVersion', {DataKeyName});
  await refused(own('CreateManagedDataKeyVersion', {DataKeyName}), 'Rejected.LimitExceeded');
  assert.equal((await ask('GetManagedDataKey', {DataKeyName, DataKeyVersionId: made.DataKeyVersionId})).Plaintext, first.Plaintext);
});

test('what is wrong is refused', async () => {
  await own('CreateManagedDataKey', {DataKeyName: 'once', KeyId});
  await refused(own('CreateManagedDataKey', {DataKeyName: 'once', KeyId}), 'Rejected.ResourceExist', 409);
  for (const DataKeyName of ['none', 'acs', 'o'])
    await refused(ask('GetManagedDataKey', {DataKeyName}), 'Forbidden.ResourceNotFound', 404);
  for (const DataKeyName of ['acs/x', 'a b', 'x'.repeat(129), '*'])
    await refused(own('CreateManagedDataKey', {DataKeyName, KeyId}), 'InvalidParameter', 400);
  for (const NumberOfBytes of [0, 15, 1025])
    await refused(own('CreateManagedDataKey', {DataKeyName: 'size', KeyId, NumberOfBytes}), 'InvalidParameter', 400);
  await refused(own('CreateManagedDataKey', {DataKeyName: 'x', KeyId: crypto.randomUUID()}), 'Forbidden.KeyNotFound', 404);
  const rsa = (await ask('CreateKey', {KeySpec: 'RSA_2048'})).KeyMetadata.KeyId;
  await refused(own('CreateManagedDataKey', {DataKeyName: 'x', KeyId: rsa}), 'Rejected.UnsupportedOperation', 400);
  const {DataKeyVersionId} = await ask('GetManagedDataKey', {DataKeyName: 'once'});
  await refused(ask('GetManagedDataKey', {DataKeyName: 'once', DataKeyVersionId, UseLatest: true}), 'InvalidParameter');
  await refused(ask('GetManagedDataKey', {DataKeyName: 'once', DataKeyVersionId: crypto.randomUUID()}), 'Forbidden.ResourceNotFound');
});

test('it is no secret, and no secret is one', async () => {
  await own('CreateManagedDataKey', {DataKeyName: 'both', KeyId});
  await ask('CreateSecret', {SecretName: 'both', VersionId: 'v1', SecretData: 'a secret'});
  for (const SecretName of ['acs/managed-data-key/both', `acs:kms:cn-hangzhou:${server.accountId}:secret/acs/managed-data-key/both`])
    for (const action of ['GetSecretValue', 'DescribeSecret', 'DeleteSecret'])
      await refused(ask(action, {SecretName}), 'Forbidden.ResourceNotFound', 404);
  const listed = await ask('ListSecrets', {PageSize: 100});
  assert.deepEqual(listed.SecretList.Secret.map((s) => s.SecretName), ['both']);
  assert.equal((await ask('GetSecretValue', {SecretName: 'both'})).SecretData, 'a secret');
  const manager = new SecretsManager({endpoint: server.http, region: 'cn-hangzhou', credentials: {accessKeyId: server.owner.id, secretAccessKey: server.owner.secret}});
  assert.deepEqual((await manager.listSecrets({})).SecretList.map((s) => s.Name), ['both']);
  const many = await manager.batchGetSecretValue({Filters: [{Key: 'all', Values: ['acs', 'both', '!x']}]});
  assert.deepEqual(many.SecretValues.map((s) => s.Name), ['both']);
});

test('reading needs both rights; the key\'s state counts; nothing of it is in the trail', async () => {
  const key = (await ask('CreateKey')).KeyMetadata.KeyId, DataKeyName = 'guarded';
  await own('CreateManagedDataKey', {DataKeyName, KeyId: key});
  const arn = `acs:kms:*:${server.accountId}:managed-data-key/guarded`, keyArn = `acs:kms:*:${server.accountId}:key/${key}`;
  const reader = await newUser(server, 'reader', [allow('kms:GetManagedDataKey', arn), allow('kms:Decrypt', keyArn)]);
  const half = await newUser(server, 'half', [allow('kms:GetManagedDataKey', arn)]);
  const other = await newUser(server, 'other', [allow('kms:Decrypt', keyArn)]);
  const maker = await newUser(server, 'maker', [allow('kms:CreateManagedDataKey'), deny('kms:GenerateDataKey', keyArn)]);
  const {Plaintext, RequestId} = await ask('GetManagedDataKey', {DataKeyName}, reader);
  for (const who of [half, other]) await refused(ask('GetManagedDataKey', {DataKeyName}, who), 'Forbidden.NoPermission', 403);
  await refused(ask('GetManagedDataKey', {DataKeyName: 'nothing'}, half), 'Forbidden.NoPermission', 403);
  await refused(own('CreateManagedDataKey', {DataKeyName: 'mine', KeyId: key}, maker), 'NoPermission', 403);
  const [found] = (await events(server, {EventName: 'GetManagedDataKey'})).filter((e) => e.requestId === RequestId);
  assert.equal(found.resourceType.split(',')[0], 'ACS::KMS::ManagedDataKey');
  assert.ok(!JSON.stringify(found).includes(Plaintext));
  await ask('DisableKey', {KeyId: key});
  await refused(ask('GetManagedDataKey', {DataKeyName}, reader), 'Rejected.Disabled', 409);
  await ask('EnableKey', {KeyId: key});
  const said = await own('ListKeyDependents', {KeyId: key});
  assert.ok(said.Dependents.some((d) => d.Kind === 'Secret' && d.Name.endsWith('acs/managed-data-key/guarded')), JSON.stringify(said));
});

test('a rewrap moves it, and it stays the same', async () => {
  const key = (await ask('CreateKey')).KeyMetadata.KeyId, DataKeyName = 'moved';
  await own('CreateManagedDataKey', {DataKeyName, KeyId: key});
  const {Plaintext} = await ask('GetManagedDataKey', {DataKeyName});
  await ask('CreateKeyVersion', {KeyId: key}).catch(() => own('RotateKeyOnDemand', {KeyId: key}));
  await own('RewrapKey', {KeyId: key});
  for (let i = 0; ; i++) {
    const census = await own('GetKeyCensus', {KeyId: key});
    if (census.Rewrap && census.Rewrap.Status === 'Finished') break;
    assert.ok(i < 100, JSON.stringify(census));
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const census = await own('GetKeyCensus', {KeyId: key});
  assert.deepEqual(census.Versions.filter((v) => v.Secrets > 0).map((v) => [v.IsPrimary, v.Secrets]), [[true, 1]], JSON.stringify(census));
  assert.equal((await ask('GetManagedDataKey', {DataKeyName})).Plaintext, Plaintext);
});

test('deletion leaves time to think again', async () => {
  const DataKeyName = 'ended';
  await own('CreateManagedDataKey', {DataKeyName, KeyId});
  await own('DeleteManagedDataKey', {DataKeyName, RecoveryWindowInDays: 7});
  await refused(ask('GetManagedDataKey', {DataKeyName}), 'Rejected.ResourceInDeleteWindow', 409);
  await refused(own('CreateManagedDataKeyVersion', {DataKeyName}), 'Rejected.ResourceInDeleteWindow', 409);
  await refused(own('CreateManagedDataKey', {DataKeyName, KeyId}), 'Rejected.ResourceInDeleteWindow', 409);
  await own('RestoreManagedDataKey', {DataKeyName});
  assert.ok((await ask('GetManagedDataKey', {DataKeyName})).Plaintext);
  await refused(own('DeleteManagedDataKey', {DataKeyName, RecoveryWindowInDays: 6}), 'InvalidParameter');
});
