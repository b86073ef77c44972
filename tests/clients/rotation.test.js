// Automatic rotation with @alicloud/kms20160120, on a server that lets keys rotate every second.
'use strict';
const assert = require('node:assert/strict');
const {test, before, after} = require('node:test');
const clients = require('./clients');
const {refused, base64, until, events} = require('./help');
const {start} = require('./server');

let server, kms, call;

before(async () => {
  server = await start(['--kms-rotation-least-s', '1']);
  kms = clients.kms(server);
  const open = clients.open(server);
  call = (action, query) => open('kms', action, query);
});
after(() => server.stop());

const describe = async (keyId) => (await kms.describeKey({keyId})).keyMetadata;
const seconds = (iso) => Date.parse(iso) / 1000;

test('the policy is told as it was set, in seconds, with the next date', async () => {
  const {keyMetadata: made} = await kms.createKey({enableAutomaticRotation: true, rotationInterval: '365d'});
  assert.equal(made.automaticRotation, 'Enabled');
  assert.equal(made.rotationInterval, '31536000s');
  assert.equal(seconds(made.nextRotationDate) - seconds(made.creationDate), 31536000);
  const {keyId} = (await kms.createKey({})).keyMetadata;
  const plain = await describe(keyId);
  assert.equal(plain.automaticRotation, 'Disabled');
  assert.equal(plain.rotationInterval, undefined);
  await kms.updateRotationPolicy({keyId, enableAutomaticRotation: true, rotationInterval: '90d'});
  const on = await describe(keyId);
  assert.equal(on.automaticRotation, 'Enabled');
  assert.equal(on.rotationInterval, '7776000s');
  assert.equal(seconds(on.nextRotationDate) - seconds(on.lastRotationDate), 7776000);
  await kms.updateRotationPolicy({keyId, enableAutomaticRotation: false});
  assert.equal((await describe(keyId)).automaticRotation, 'Disabled');
  await call('EnableKeyRotation', {KeyId: keyId});
  const told = await call('GetKeyRotationStatus', {KeyId: keyId});
  assert.equal(told.KeyRotationEnabled, true);
  assert.equal(told.RotationPeriodInDays, 365);
  await call('DisableKeyRotation', {KeyId: keyId});
  assert.equal((await call('GetKeyRotationStatus', {KeyId: keyId})).KeyRotationEnabled, false);
});

test('what cannot rotate by itself is refused', async () => {
  const {keyId} = (await kms.createKey({})).keyMetadata;
  for (const rotationInterval of ['0d', '-7d', '3000d', 'soon', '7w', '1.5d'])
    await refused(kms.updateRotationPolicy({keyId, enableAutomaticRotation: true, rotationInterval}), 'InvalidParameter', 400);
  await refused(kms.updateRotationPolicy({keyId, enableAutomaticRotation: true}), 'MissingParameter', 400);
  await refused(kms.createKey({enableAutomaticRotation: true}), 'MissingParameter', 400);
  await refused(kms.createKey({enableAutomaticRotation: true, rotationInterval: '9d', origin: 'EXTERNAL'}), 'InvalidParameter', 400);
  await refused(kms.createKey({enableAutomaticRotation: true, rotationInterval: '9d', keySpec: 'EC_P256'}), 'InvalidParameter', 400);
  const {keyId: signer} = (await kms.createKey({keySpec: 'EC_P256'})).keyMetadata;
  await refused(kms.updateRotationPolicy({keyId: signer, enableAutomaticRotation: true, rotationInterval: '9d'}), 'Rejected.UnsupportedOperation', 400);
  await kms.disableKey({keyId});
  await refused(kms.updateRotationPolicy({keyId, enableAutomaticRotation: true, rotationInterval: '9d'}), 'Rejected.Disabled', 409);
});

test('a key rotates by itself; what was encrypted before still opens; the trail says who did it', async () => {
  const {keyId, primaryKeyVersion: first} = (await kms.createKey({enableAutomaticRotation: true, rotationInterval: '2s'})).keyMetadata;
  const {ciphertextBlob} = await kms.encrypt({keyId, plaintext: base64('early')});
  await until(async () => (await describe(keyId)).primaryKeyVersion !== first);
  assert.equal((await kms.decrypt({ciphertextBlob})).plaintext, base64('early'));
  assert.equal((await kms.decrypt({ciphertextBlob})).keyVersionId, first);
  const now = await kms.encrypt({keyId, plaintext: base64('late')});
  assert.notEqual(now.keyVersionId, first);
  await kms.updateRotationPolicy({keyId, enableAutomaticRotation: false});
  const count = (await kms.listKeyVersions({keyId})).totalCount;
  const {Rotations} = await call('ListKeyRotations', {KeyId: keyId});
  assert.equal(Rotations.length, count - 1);
  assert.ok(Rotations.every((r) => r.RotationType === 'AUTOMATIC'));
  const told = await events(server, {EventName: 'RotateKey'});
  assert.ok(told.length >= count - 1);
  assert.equal(told[0].userIdentity.type, 'system');
  assert.equal(told[0].userIdentity.userName, 'keyhold');
  assert.equal(told[0].errorCode, undefined);
  assert.ok(JSON.stringify(told[0]).includes(keyId));
});

test('suspended while disabled; overdue, it rotates at once when enabled', async () => {
  const {keyId} = (await kms.createKey({enableAutomaticRotation: true, rotationInterval: '3s'})).keyMetadata;
  await kms.disableKey({keyId});
  const off = await describe(keyId);
  assert.equal(off.automaticRotation, 'Suspended');
  assert.equal(off.rotationInterval, '3s');
  await until(() => Date.now() / 1000 > seconds(off.nextRotationDate) + 2); // overdue by now
  assert.equal((await describe(keyId)).primaryKeyVersion, off.primaryKeyVersion);
  await kms.enableKey({keyId});
  await until(async () => (await describe(keyId)).primaryKeyVersion !== off.primaryKeyVersion);
});

test('no alarm was raised: every rotation has its two witnesses', async () => {
  const alarms = [...await events(server, {EventName: 'KeyUseNotWitnessed'}), ...await events(server, {EventName: 'KeyUseNotRecorded'})];
  assert.deepEqual(alarms, []);
  assert.ok(!server.log.join('').includes('alarm'), server.log.join(''));
});
