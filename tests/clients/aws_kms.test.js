// AWS's own clients: KMS through @aws-sdk/client-kms, envelope encryption through @aws-crypto/client-node; and one key through both
// clouds' clients.
'use strict';
const test = require('node:test');
const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const {KMS} = require('@aws-sdk/client-kms');
const {KmsKeyringNode, AwsKmsMrkAwareSymmetricKeyringNode, buildClient, CommitmentPolicy, getClient} = require('@aws-crypto/client-node');
const {start} = require('./server');
const clients = require('./clients');
const help = require('./help');

let server;
test.before(async () => { server = await start(); });
test.after(() => server.stop());

const REGION = 'cn-hangzhou';

function kms(who = server.owner, more = {}) {
  return new KMS({endpoint: server.http, region: REGION, maxAttempts: 1,
    credentials: {accessKeyId: who.id, secretAccessKey: who.secret, ...(who.token && {sessionToken: who.token})}, ...more});
}

async function refused(call, name, status = 400) {
  let answer;
  try {
    answer = await call;
  } catch (error) {
    assert.equal(error.name, name, error.stack);
    assert.equal(error.$metadata.httpStatusCode, status);
    assert.match(error.$metadata.requestId, /^[0-9A-F-]{36}$/);
    return error;
  }
  return assert.fail(`was not refused with ${name}: ${JSON.stringify(answer)}`);
}

const bytes = (text) => Buffer.from(text);
const text = (data) => Buffer.from(data).toString();

test('a key is made, used, shown and given up', async () => {
  const client = kms();
  const {KeyMetadata: key} = await client.createKey({Description: 'by the SDK', Tags: [{TagKey: 'team', TagValue: 'blue'}]});
  assert.equal(key.Arn, `arn:aws:kms:${REGION}:${server.accountId}:key/${key.KeyId}`);
  assert.ok(Math.abs(key.CreationDate - Date.now()) < 60000);
  assert.match(key.CurrentKeyMaterialId, /^[0-9a-f]{64}$/);
  const EncryptionContext = {a: '1', 'é': 'x y'};
  const {CiphertextBlob} = await client.encrypt({KeyId: key.KeyId, Plaintext: bytes('hello'), EncryptionContext});
  const opened = await client.decrypt({CiphertextBlob, EncryptionContext});
  assert.equal(text(opened.Plaintext), 'hello');
  assert.deepEqual([opened.KeyId, opened.EncryptionAlgorithm, opened.KeyMaterialId],
    [key.Arn, 'SYMMETRIC_DEFAULT', key.CurrentKeyMaterialId]);
  const data = await client.generateDataKey({KeyId: key.Arn, KeySpec: 'AES_128'});
  assert.equal(data.Plaintext.length, 16);
  await refused(client.decrypt({CiphertextBlob, EncryptionContext: {a: '1'}}), 'InvalidCiphertextException');
  await refused(client.encrypt({KeyId: key.KeyId, Plaintext: bytes('x'), DryRun: true}), 'DryRunOperationException');
  await client.scheduleKeyDeletion({KeyId: key.KeyId, PendingWindowInDays: 7});
  await refused(client.encrypt({KeyId: key.KeyId, Plaintext: bytes('x')}), 'KMSInvalidStateException');
  await client.cancelKeyDeletion({KeyId: key.KeyId});
  await refused(client.encrypt({KeyId: key.KeyId, Plaintext: bytes('x')}), 'DisabledException');
});

test('rotation, last use, and what is newer than the other clients know', async () => {
  const client = kms();
  const {KeyMetadata: key} = await client.createKey({});
  const {CiphertextBlob} = await client.encrypt({KeyId: key.KeyId, Plaintext: bytes('before')});
  await client.rotateKeyOnDemand({KeyId: key.KeyId});
  const {Rotations} = await client.listKeyRotations({KeyId: key.KeyId});
  assert.deepEqual(Rotations.map((rotation) => rotation.RotationType), ['ON_DEMAND']);
  assert.equal(text((await client.decrypt({CiphertextBlob})).Plaintext), 'before');
  await help.until(async () => {
    const {KeyLastUsage: used} = await client.getKeyLastUsage({KeyId: key.KeyId});
    return used && used.Operation === 'Decrypt' && used.Timestamp instanceof Date;
  }, 'a last use');
  await client.enableKeyRotation({KeyId: key.KeyId, RotationPeriodInDays: 100});
  const status = await client.getKeyRotationStatus({KeyId: key.KeyId});
  assert.deepEqual([status.KeyRotationEnabled, status.RotationPeriodInDays, status.KeyId], [true, 100, key.Arn]);
  assert.ok(status.NextRotationDate > new Date());
  await refused(client.createCustomKeyStore({CustomKeyStoreName: 'x'}), 'UnsupportedOperationException');
  await refused(client.replicateKey({KeyId: key.KeyId, ReplicaRegion: 'eu-west-1'}), 'UnsupportedOperationException');
});

test('@aws-crypto/client-node: what one region encrypted, another one decrypts under the multi-Region key', async () => {
  const credentials = {accessKeyId: server.owner.id, secretAccessKey: server.owner.secret};
  const {KeyMetadata: key} = await kms().createKey({MultiRegion: true});
  const {ReplicaKeyMetadata: replica} = await kms().replicateKey({KeyId: key.KeyId, ReplicaRegion: 'eu-west-1'});
  assert.equal(replica.MultiRegionConfiguration.MultiRegionKeyType, 'REPLICA');
  const {encrypt, decrypt} = buildClient(CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT);
  const keyring = (region, arn) => new AwsKmsMrkAwareSymmetricKeyringNode({
    client: new KMS({endpoint: server.http, region, credentials}), keyId: arn});
  const {result} = await encrypt(keyring(REGION, key.Arn), 'over there', {encryptionContext: {stage: 'test'}});
  const {plaintext} = await decrypt(keyring('eu-west-1', replica.Arn), result);
  assert.equal(plaintext.toString(), 'over there');
  const {KeyMetadata: stranger} = await kms(server.owner, {region: 'eu-west-1'}).createKey({MultiRegion: true});
  await assert.rejects(decrypt(keyring('eu-west-1', stranger.Arn), result));
});

test('signatures, codes and shared secrets', async () => {
  const client = kms();
  const make = async (KeySpec, KeyUsage) => (await client.createKey({KeySpec, KeyUsage})).KeyMetadata;
  const signing = await make('ECC_NIST_EDWARDS25519', 'SIGN_VERIFY');
  const SigningAlgorithm = 'ED25519_SHA_512', Message = bytes('m');
  const {Signature} = await client.sign({KeyId: signing.KeyId, Message, MessageType: 'RAW', SigningAlgorithm});
  const {PublicKey} = await client.getPublicKey({KeyId: signing.KeyId});
  const publicKey = crypto.createPublicKey({key: Buffer.from(PublicKey), format: 'der', type: 'spki'});
  assert.ok(crypto.verify(null, Message, publicKey, Signature));
  await refused(client.verify({KeyId: signing.KeyId, Message: bytes('n'), SigningAlgorithm, Signature}), 'KMSInvalidSignatureException');
  const agreeing = await make('ECC_NIST_P256', 'KEY_AGREEMENT');
  assert.deepEqual(agreeing.KeyAgreementAlgorithms, ['ECDH']);
  const ours = crypto.generateKeyPairSync('ec', {namedCurve: 'P-256'});
  const theirs = await client.getPublicKey({KeyId: agreeing.KeyId});
  const {SharedSecret} = await client.deriveSharedSecret({KeyId: agreeing.KeyId, KeyAgreementAlgorithm: 'ECDH',
    PublicKey: ours.publicKey.export({format: 'der', type: 'spki'})});
  assert.deepEqual(Buffer.from(SharedSecret), crypto.diffieHellman({privateKey: ours.privateKey,
    publicKey: crypto.createPublicKey({key: Buffer.from(theirs.PublicKey), format: 'der', type: 'spki'})}));
});

test('one key, the clients of both clouds', async () => {
  const aws = kms(), alibaba = clients.kms(server);
  const {keyMetadata: {keyId}} = await alibaba.createKey({});
  const EncryptionContext = {case: 'x', 'ü': 'ß'};
  const {CiphertextBlob} = await aws.encrypt({KeyId: keyId, Plaintext: bytes('there'), EncryptionContext});
  const opened = await alibaba.decrypt({ciphertextBlob: help.base64(CiphertextBlob), encryptionContext: EncryptionContext});
  assert.equal(Buffer.from(opened.plaintext, 'base64').toString(), 'there');
  const sealed = await alibaba.encrypt({keyId, plaintext: help.base64('back'), encryptionContext: EncryptionContext});
  const back = await aws.decrypt({CiphertextBlob: Buffer.from(sealed.ciphertextBlob, 'base64'), EncryptionContext});
  assert.equal(text(back.Plaintext), 'back');
  await alibaba.disableKey({keyId});
  await refused(aws.decrypt({CiphertextBlob, EncryptionContext}), 'DisabledException');
});

test('a policy decides through every client, and one trail tells of both', async () => {
  const {KeyMetadata: key} = await kms().createKey({});
  const user = await help.newUser(server, 'aws-ann', [help.allow('kms:Encrypt'), help.deny('kms:Decrypt')]);
  const {CiphertextBlob} = await kms(user).encrypt({KeyId: key.KeyId, Plaintext: bytes('x')});
  const error = await refused(kms(user).decrypt({CiphertextBlob}), 'AccessDeniedException');
  await help.refused(clients.kms(server, user).decrypt({ciphertextBlob: help.base64(CiphertextBlob)}), 'Forbidden.NoPermission');
  const events = await help.until(async () => {
    const found = await help.events(server, {EventName: 'Decrypt', User: 'aws-ann'});
    return found.length === 2 && found;
  }, 'two refusals in the trail');
  const dialects = events.map((event) => (event.additionalEventData || JSON.parse(event).additionalEventData).Dialect);
  assert.deepEqual(dialects.sort(), ['alibaba_rpc', 'aws_json']);
  assert.ok(JSON.stringify(events).includes(error.$metadata.requestId));
});

test('credentials that are none', async () => {
  await refused(kms({id: 'AKIDNOBODY', secret: 'x'.repeat(40)}).listKeys({}), 'InvalidSignatureException');
  await refused(kms({id: server.owner.id, secret: 'x'.repeat(40)}).listKeys({}), 'InvalidSignatureException');
});

test('the SDK\'s pages', async () => {
  const client = kms(server.owner, {region: 'eu-north-1'});
  for (let i = 0; i < 3; i++) await client.createKey({});
  const first = await client.listKeys({Limit: 2});
  assert.deepEqual([first.Keys.length, first.Truncated], [2, true]);
  const rest = await client.listKeys({Limit: 2, Marker: first.NextMarker});
  assert.deepEqual([rest.Keys.length, rest.Truncated], [1, false]);
});

test('@aws-crypto/client-node with a KMS keyring', async () => {
  const {KeyMetadata: key} = await kms().createKey({});
  const clientProvider = getClient(KMS, {endpoint: server.http,
    credentials: {accessKeyId: server.owner.id, secretAccessKey: server.owner.secret}});
  const {encrypt, decrypt} = buildClient(CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT);
  const keyring = new KmsKeyringNode({clientProvider, generatorKeyId: key.Arn});
  const context = {stage: 'test', origin: REGION};
  const {result} = await encrypt(keyring, 'a message of any length', {encryptionContext: context});
  const {plaintext, messageHeader} = await decrypt(keyring, result);
  assert.equal(plaintext.toString(), 'a message of any length');
  for (const [name, value] of Object.entries(context)) assert.equal(messageHeader.encryptionContext[name], value);
  const spoilt = Buffer.from(result);
  spoilt[spoilt.length - 1] ^= 1;
  await assert.rejects(decrypt(keyring, spoilt));
  await kms().disableKey({KeyId: key.KeyId});
  await assert.rejects(decrypt(keyring, result));
});
