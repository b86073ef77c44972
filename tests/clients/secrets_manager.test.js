// @aws-sdk/client-secrets-manager: Signature Version 4 over JSON 1.1; and one secret through both clouds' packages.
'use strict';
const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const {test, before, after} = require('node:test');
const aws = require('@aws-sdk/client-secrets-manager');
const clients = require('./clients');
const {refused, events} = require('./help');
const {start} = require('./server');

let server, kms, send;

function manager(who = server.owner, region = 'cn-hangzhou') {
  const client = new aws.SecretsManagerClient({endpoint: server.http, region, maxAttempts: 1,
    credentials: {accessKeyId: who.id, secretAccessKey: who.secret}});
  return (name, input) => client.send(new aws[`${name}Command`](input));
}

before(async () => {
  server = await start();
  kms = clients.kms(server);
  send = manager();
});
after(() => server.stop());

const newName = () => `sdk/${crypto.randomUUID()}`;
const wrong = (call, name) => assert.rejects(call, (error) => (assert.equal(error.name, name, error.stack), true));

test('the life of a secret', async () => {
  const Name = newName(), SecretString = 'v\u00e9"\\\n\u{1F511}';
  const made = await send('CreateSecret', {Name, SecretString, Tags: [{Key: 'a', Value: 'b'}]});
  const got = await send('GetSecretValue', {SecretId: made.ARN});
  assert.equal(got.SecretString, SecretString);
  assert.equal(got.VersionId, made.VersionId);
  assert.deepEqual(got.VersionStages, ['AWSCURRENT']);
  const SecretBinary = crypto.randomBytes(1000);
  const put = await send('PutSecretValue', {SecretId: Name, SecretBinary});
  assert.deepEqual(Buffer.from((await send('GetSecretValue', {SecretId: Name})).SecretBinary), SecretBinary);
  assert.equal((await send('GetSecretValue', {SecretId: Name, VersionStage: 'AWSPREVIOUS'})).SecretString, SecretString);
  const shown = await send('DescribeSecret', {SecretId: Name});
  assert.deepEqual(shown.VersionIdsToStages, {[made.VersionId]: ['AWSPREVIOUS'], [put.VersionId]: ['AWSCURRENT']});
  assert.ok(Math.abs(shown.CreatedDate - Date.now()) < 120e3);
  await send('DeleteSecret', {SecretId: Name, RecoveryWindowInDays: 7});
  await wrong(send('GetSecretValue', {SecretId: Name}), 'InvalidRequestException');
  const listed = async (more) => (await send('ListSecrets', {Filters: [{Key: 'name', Values: [Name]}], ...more})).SecretList.length;
  assert.equal(await listed({}), 0);
  assert.equal(await listed({IncludePlannedDeletion: true}), 1);
  await send('RestoreSecret', {SecretId: Name});
  await send('DeleteSecret', {SecretId: Name, ForceDeleteWithoutRecovery: true});
  await wrong(send('DescribeSecret', {SecretId: Name}), 'ResourceNotFoundException');
});

test('what is refused', async () => {
  const Name = newName();
  await send('CreateSecret', {Name, SecretString: 'x'});
  await wrong(send('CreateSecret', {Name, SecretString: 'x'}), 'ResourceExistsException');
  await wrong(send('GetSecretValue', {SecretId: 'nothing'}), 'ResourceNotFoundException');
  await wrong(send('RotateSecret', {SecretId: Name}), 'InvalidRequestException');
  await wrong(send('ReplicateSecretToRegions', {SecretId: Name, AddReplicaRegions: [{Region: 'us-east-1'}]}), 'InvalidRequestException');
  await wrong(manager({...server.owner, secret: 'x'.repeat(30)})('GetSecretValue', {SecretId: Name}), 'InvalidSignatureException');
});

test('a secret of one cloud is read, written and rotated through the other', async () => {
  const name = newName();
  await kms.createSecret({secretName: name, versionId: 'v1', secretData: 'from Alibaba'});
  assert.equal((await send('GetSecretValue', {SecretId: name})).SecretString, 'from Alibaba');
  const put = await send('PutSecretValue', {SecretId: name, SecretString: 'from AWS'});
  const got = await kms.getSecretValue({secretName: name});
  assert.equal(got.secretData, 'from AWS');
  assert.equal(got.versionId, put.VersionId);
  assert.deepEqual(got.versionStages.versionStage, ['ACSCurrent']);
  const found = await events(server, {ResourceName: name, EventName: 'GetSecretValue'});
  assert.ok(found.some((e) => JSON.stringify(e).includes('aws_json')) && found.some((e) => JSON.stringify(e).includes('alibaba_rpc')));
  assert.ok(!JSON.stringify(await events(server, {ResourceName: name})).includes('from '));
});

test('tags of a secret through both generations of packages', async () => {
  const secretName = newName();
  await kms.createSecret({secretName, versionId: 'v1', secretData: 'x'});
  await kms.tagResource({secretName, tags: JSON.stringify([{TagKey: 'a', TagValue: '1'}, {TagKey: 'b', TagValue: '2'}])});
  await kms.untagResource({secretName, tagKeys: JSON.stringify(['b'])});
  assert.deepEqual((await send('DescribeSecret', {SecretId: secretName})).Tags, [{Key: 'a', Value: '1'}]);
  await send('TagResource', {SecretId: secretName, Tags: [{Key: 'a', Value: '3'}]});
  assert.deepEqual((await kms.describeSecret({secretName, fetchTags: 'true'})).tags.tag.map((t) => [t.tagKey, t.tagValue]), [['a', '3']]);
  const keyId = (await kms.createKey({})).keyMetadata.keyId;
  await refused(kms.tagResource({secretName, keyId, tags: JSON.stringify([{TagKey: 'a', TagValue: '1'}])}), 'InvalidParameter', 400);
  await refused(kms.tagResource({secretName: 'nothing', tags: JSON.stringify([{TagKey: 'a', TagValue: '1'}])}), 'Forbidden.ResourceNotFound', 404);
});
