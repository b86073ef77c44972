// Imported key material through @aws-sdk/client-kms: one after the other, each with its own expiry, and what a key can do while one
// of them is not there.
'use strict';
const test = require('node:test');
const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const {KMS} = require('@aws-sdk/client-kms');
const {start} = require('./server');
const help = require('./help');

let server, client;
test.before(async () => {
  server = await start();
  client = new KMS({endpoint: server.http, region: 'cn-hangzhou', maxAttempts: 1,
    credentials: {accessKeyId: server.owner.id, secretAccessKey: server.owner.secret}});
});
test.after(() => server.stop());

async function refused(call, name) {
  const error = await call.then((answer) => assert.fail(`was not refused with ${name}: ${JSON.stringify(answer)}`), (e) => e);
  assert.equal(error.name, name, error.stack);
  assert.equal(error.$metadata.httpStatusCode, 400);
  return error;
}

const bytes = (text) => Buffer.from(text);
const FOREVER = {ExpirationModel: 'KEY_MATERIAL_DOES_NOT_EXPIRE'};

async function external(more = {}) {
  return (await client.createKey({Origin: 'EXTERNAL', ...more})).KeyMetadata.KeyId;
}

async function parameters(KeyId, WrappingAlgorithm = 'RSAES_OAEP_SHA_256') {
  return client.getParametersForImport({KeyId, WrappingAlgorithm, WrappingKeySpec: 'RSA_2048'});
}

function wrap(given, material, oaepHash = 'sha256') {
  return crypto.publicEncrypt({key: crypto.createPublicKey({key: Buffer.from(given.PublicKey), format: 'der', type: 'spki'}),
    padding: crypto.constants.RSA_PKCS1_OAEP_PADDING, oaepHash}, material);
}

async function bring(KeyId, material, more = {}) {
  const given = await parameters(KeyId);
  return client.importKeyMaterial({KeyId, ImportToken: given.ImportToken, EncryptedKeyMaterial: wrap(given, material), ...FOREVER, ...more});
}

const state = async (KeyId) => (await client.describeKey({KeyId})).KeyMetadata.KeyState;
const opens = async (CiphertextBlob) => Buffer.from((await client.decrypt({CiphertextBlob})).Plaintext).toString();

async function materials(KeyId) {
  const {Rotations} = await client.listKeyRotations({KeyId, IncludeKeyMaterial: 'ALL_KEY_MATERIAL'});
  return Rotations;
}

test('new material waits until it is rotated to', async () => {
  const KeyId = await external(), first = crypto.randomBytes(32), second = crypto.randomBytes(32);
  await refused(client.rotateKeyOnDemand({KeyId}), 'KMSInvalidStateException');
  const one = await bring(KeyId, first, {ImportType: 'NEW_KEY_MATERIAL', KeyMaterialDescription: 'of 2026'});
  const {KeyMetadata: shown} = await client.describeKey({KeyId});
  assert.deepEqual([shown.KeyState, shown.CurrentKeyMaterialId], ['Enabled', one.KeyMaterialId]);
  const {CiphertextBlob: before} = await client.encrypt({KeyId, Plaintext: bytes('before')});
  await refused(client.rotateKeyOnDemand({KeyId}), 'KMSInvalidStateException');
  await refused(bring(KeyId, first, {ImportType: 'NEW_KEY_MATERIAL'}), 'IncorrectKeyMaterialException');
  await refused(bring(KeyId, second), 'IncorrectKeyMaterialException');
  await refused(bring(KeyId, second, {ImportType: 'NEW_KEY_MATERIAL', KeyMaterialId: one.KeyMaterialId}), 'ValidationException');
  const two = await bring(KeyId, second, {ImportType: 'NEW_KEY_MATERIAL'});
  assert.notEqual(two.KeyMaterialId, one.KeyMaterialId);
  await refused(bring(KeyId, crypto.randomBytes(32), {ImportType: 'NEW_KEY_MATERIAL'}), 'KMSInvalidStateException');
  assert.deepEqual((await materials(KeyId)).map((m) => [m.KeyMaterialId, m.KeyMaterialState, m.ImportState, m.KeyMaterialDescription, m.ExpirationModel]),
    [[one.KeyMaterialId, 'CURRENT', 'IMPORTED', 'of 2026', 'KEY_MATERIAL_DOES_NOT_EXPIRE'],
      [two.KeyMaterialId, 'PENDING_ROTATION', 'IMPORTED', undefined, 'KEY_MATERIAL_DOES_NOT_EXPIRE']]);
  assert.deepEqual((await client.listKeyRotations({KeyId})).Rotations, []);
  assert.equal((await client.generateDataKey({KeyId, KeySpec: 'AES_256'})).KeyMaterialId, one.KeyMaterialId);
  await client.rotateKeyOnDemand({KeyId});
  const after = await client.generateDataKey({KeyId, KeySpec: 'AES_256'});
  assert.equal(after.KeyMaterialId, two.KeyMaterialId);
  assert.equal((await client.describeKey({KeyId})).KeyMetadata.CurrentKeyMaterialId, two.KeyMaterialId);
  assert.equal(await opens(before), 'before');
  const moved = await client.reEncrypt({CiphertextBlob: before, DestinationKeyId: KeyId});
  assert.deepEqual([moved.SourceKeyMaterialId, moved.DestinationKeyMaterialId], [one.KeyMaterialId, two.KeyMaterialId]);
  const {Rotations} = await client.listKeyRotations({KeyId});
  assert.deepEqual(Rotations.map((m) => [m.KeyMaterialId, m.KeyMaterialState, m.RotationType]), [[two.KeyMaterialId, 'CURRENT', 'ON_DEMAND']]);
  assert.ok(Math.abs(Rotations[0].RotationDate - Date.now()) < 60000);
  assert.deepEqual((await materials(KeyId)).map((m) => m.KeyMaterialState), ['NON_CURRENT', 'CURRENT']);
});

test('the key is used only while all its material is there', async () => {
  const KeyId = await external(), first = crypto.randomBytes(32), second = crypto.randomBytes(32);
  const one = await bring(KeyId, first);
  const {CiphertextBlob} = await client.encrypt({KeyId, Plaintext: bytes('old')});
  const two = await bring(KeyId, second, {ImportType: 'NEW_KEY_MATERIAL'});
  await client.rotateKeyOnDemand({KeyId});
  const gone = await client.deleteImportedKeyMaterial({KeyId, KeyMaterialId: one.KeyMaterialId});
  assert.equal(gone.KeyMaterialId, one.KeyMaterialId);
  assert.equal(await state(KeyId), 'PendingImport');
  await refused(client.encrypt({KeyId, Plaintext: bytes('x')}), 'KMSInvalidStateException');
  await refused(bring(KeyId, crypto.randomBytes(32), {ImportType: 'NEW_KEY_MATERIAL'}), 'KMSInvalidStateException');
  assert.deepEqual((await materials(KeyId)).map((m) => m.ImportState), ['PENDING_IMPORT', 'IMPORTED']);
  await refused(bring(KeyId, first, {KeyMaterialId: two.KeyMaterialId}), 'IncorrectKeyMaterialException');
  await refused(bring(KeyId, second, {KeyMaterialId: one.KeyMaterialId}), 'IncorrectKeyMaterialException');
  await refused(bring(KeyId, crypto.randomBytes(32)), 'IncorrectKeyMaterialException');
  assert.equal((await bring(KeyId, first)).KeyMaterialId, one.KeyMaterialId);
  assert.equal(await state(KeyId), 'Enabled');
  assert.equal(await opens(CiphertextBlob), 'old');
  assert.equal((await client.deleteImportedKeyMaterial({KeyId})).KeyMaterialId, two.KeyMaterialId);
  assert.equal(await state(KeyId), 'PendingImport');
  await bring(KeyId, second, {ImportType: 'EXISTING_KEY_MATERIAL', KeyMaterialId: two.KeyMaterialId});
  assert.equal(await state(KeyId), 'Enabled');
});

test('material that nobody has rotated to yet can go without a trace', async () => {
  const KeyId = await external();
  await bring(KeyId, crypto.randomBytes(32));
  const two = await bring(KeyId, crypto.randomBytes(32), {ImportType: 'NEW_KEY_MATERIAL'});
  await client.deleteImportedKeyMaterial({KeyId, KeyMaterialId: two.KeyMaterialId});
  assert.equal(await state(KeyId), 'Enabled');
  assert.equal((await materials(KeyId)).length, 1);
  await refused(client.rotateKeyOnDemand({KeyId}), 'KMSInvalidStateException');
  await refused(client.deleteImportedKeyMaterial({KeyId, KeyMaterialId: two.KeyMaterialId}), 'NotFoundException');
  await refused(client.deleteImportedKeyMaterial({KeyId, KeyMaterialId: 'short'}), 'ValidationException');
});

test('each material has its own end', async () => {
  const KeyId = await external(), first = crypto.randomBytes(32);
  await bring(KeyId, first);
  const ValidTo = new Date(Math.floor(Date.now() / 1000) * 1000 + 3000);
  await bring(KeyId, crypto.randomBytes(32), {ImportType: 'NEW_KEY_MATERIAL', ExpirationModel: 'KEY_MATERIAL_EXPIRES', ValidTo});
  const {KeyMetadata: shown} = await client.describeKey({KeyId});
  assert.deepEqual([shown.ExpirationModel, shown.ValidTo], ['KEY_MATERIAL_DOES_NOT_EXPIRE', undefined]);
  await client.rotateKeyOnDemand({KeyId});
  const {KeyMetadata: rotated} = await client.describeKey({KeyId});
  assert.deepEqual([rotated.ExpirationModel, rotated.ValidTo], ['KEY_MATERIAL_EXPIRES', ValidTo]);
  await help.until(async () => await state(KeyId) === 'PendingImport', 'the end of the second material');
  assert.deepEqual((await materials(KeyId)).map((m) => m.ImportState), ['IMPORTED', 'PENDING_IMPORT']);
  await refused(client.encrypt({KeyId, Plaintext: bytes('x')}), 'KMSInvalidStateException');
});

test('pairs and HMAC keys have one material', async () => {
  for (const [more, material] of [
    [{KeySpec: 'HMAC_256', KeyUsage: 'GENERATE_VERIFY_MAC'}, () => crypto.randomBytes(32)],
    [{KeySpec: 'ECC_NIST_P256', KeyUsage: 'SIGN_VERIFY'},
      () => crypto.generateKeyPairSync('ec', {namedCurve: 'P-256'}).privateKey.export({format: 'der', type: 'pkcs8'})]]) {
    const KeyId = await external(more), same = material();
    const {KeyMaterialId} = await bring(KeyId, same, {ImportType: 'NEW_KEY_MATERIAL'});
    assert.equal(await state(KeyId), 'Enabled');
    await refused(bring(KeyId, material(), {ImportType: 'NEW_KEY_MATERIAL'}), 'UnsupportedOperationException');
    await refused(bring(KeyId, same, {KeyMaterialId}), 'UnsupportedOperationException');
    await refused(client.rotateKeyOnDemand({KeyId}), 'UnsupportedOperationException');
    await refused(client.listKeyRotations({KeyId}), 'UnsupportedOperationException');
    await refused(bring(KeyId, material()), 'IncorrectKeyMaterialException');
    await bring(KeyId, same);
  }
});

test('tokens and wrappings that are wrong', async () => {
  const KeyId = await external(), other = await external(), material = crypto.randomBytes(32);
  const given = await parameters(KeyId), foreign = await parameters(other);
  const good = {KeyId, ImportToken: given.ImportToken, EncryptedKeyMaterial: wrap(given, material), ...FOREVER};
  await refused(client.importKeyMaterial({...good, ImportToken: foreign.ImportToken}), 'InvalidImportTokenException');
  await refused(client.importKeyMaterial({...good, ImportToken: Buffer.from(given.ImportToken).reverse()}), 'InvalidImportTokenException');
  const told = new Set();
  const spoilt = Buffer.from(good.EncryptedKeyMaterial);
  spoilt[100] ^= 1;
  for (const wrong of [spoilt, wrap(given, material, 'sha1'), wrap(given, crypto.randomBytes(31)), wrap(foreign, material)]) {
    told.add((await refused(client.importKeyMaterial({...good, EncryptedKeyMaterial: wrong}), 'IncorrectKeyMaterialException')).message);
  }
  assert.equal(told.size, 1, 'and why is not told');
  await refused(client.importKeyMaterial({...good, ImportType: 'OTHER'}), 'ValidationException');
  await refused(client.importKeyMaterial({...good, ExpirationModel: 'KEY_MATERIAL_EXPIRES', ValidTo: new Date(Date.now() - 1000)}), 'ValidationException');
  await client.importKeyMaterial(good);
});

test('25 rotations on demand', async () => {
  const {KeyMetadata: {KeyId}} = await client.createKey({});
  for (let i = 0; i < 25; i++) await client.rotateKeyOnDemand({KeyId});
  await refused(client.rotateKeyOnDemand({KeyId}), 'LimitExceededException');
  assert.equal((await client.listKeyRotations({KeyId})).Rotations.length, 25);
  assert.equal((await materials(KeyId)).length, 26);
});
