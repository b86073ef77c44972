// Keys of every kind, through @alicloud/kms20160120 where it has a method and @alicloud/openapi-client or pop-core where not;
// what they give is checked by Node's own cryptography.
'use strict';
const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const {test, before, after} = require('node:test');
const clients = require('./clients');
const {newUser, allow, deny, refused, base64} = require('./help');
const {start} = require('./server');

let server, kms, call;
const WAIT = 60000;

before(async () => {
  server = await start();
  kms = clients.kms(server);
  const open = clients.open(server);
  call = (action, query) => open('kms', action, query);
});
after(() => server.stop());

const bytes = (text) => Buffer.from(text, 'base64');
const sha256 = (data) => crypto.createHash('sha256').update(data).digest();

async function newKey(keySpec, keyUsage) {
  const {keyMetadata: key} = await kms.createKey({keySpec, keyUsage});
  return {keyId: key.keyId, keyVersionId: key.primaryKeyVersion, key};
}

async function publicKey({keyId, keyVersionId}) {
  const {publicKey: pem} = await kms.getPublicKey({keyId, keyVersionId});
  assert.match(pem, /^-----BEGIN PUBLIC KEY-----\n([A-Za-z0-9+/=]{1,64}\n)+-----END PUBLIC KEY-----\n$/);
  return crypto.createPublicKey(pem);
}

test('every spec is made for its usages, and for no other', {timeout: 4 * WAIT}, async () => {
  const offered = [['Aliyun_AES_256', 'ENCRYPT/DECRYPT'], ['Aliyun_AES_128', 'ENCRYPT/DECRYPT'], ['Aliyun_AES_192', 'ENCRYPT/DECRYPT'],
    ['Aliyun_SM4', 'ENCRYPT/DECRYPT'], ['RSA_2048', 'ENCRYPT/DECRYPT'], ['EC_P256', 'SIGN/VERIFY'], ['EC_P256K', 'SIGN/VERIFY'],
    ['EC_SM2', 'ENCRYPT/DECRYPT'], ['EC_P384', 'SIGN/VERIFY'], ['EC_P521', 'SIGN/VERIFY'], ['EC_ED25519', 'SIGN/VERIFY'],
    ['HMAC_SHA_224', 'GENERATE/VERIFY_MAC'], ['HMAC_SHA_256', 'GENERATE/VERIFY_MAC'], ['HMAC_SHA_384', 'GENERATE/VERIFY_MAC'],
    ['HMAC_SHA_512', 'GENERATE/VERIFY_MAC'], ['HMAC_SM3', 'GENERATE/VERIFY_MAC']];
  for (const [keySpec, keyUsage] of offered) {
    const {key} = await newKey(keySpec);
    assert.equal(key.keySpec, keySpec);
    assert.equal(key.keyUsage, keyUsage);
  }
  for (const [keySpec, keyUsage] of [['EC_P256', 'ENCRYPT/DECRYPT'], ['Aliyun_AES_256', 'SIGN/VERIFY'], ['HMAC_SM3', 'ENCRYPT/DECRYPT'],
    ['EC_P256K', 'KEY_AGREEMENT'], ['RSA_2048', 'GENERATE/VERIFY_MAC'], ['EC_P224', 'SIGN/VERIFY']])
    await refused(kms.createKey({keySpec, keyUsage}), 'InvalidParameter', 400);
  const service = await kms.describeService({});
  assert.deepEqual(service.protectionLevels.protectionLevel.map((l) => l.type), ['SOFTWARE']);
  assert.deepEqual(service.keySpecs.keySpec.find((s) => s.name === 'RSA_2048').usages.usage, ['ENCRYPT/DECRYPT', 'SIGN/VERIFY']);
});

test('short symmetric keys encrypt as the long one does', async () => {
  for (const keySpec of ['Aliyun_AES_128', 'Aliyun_AES_192', 'Aliyun_SM4']) {
    const {keyId} = await newKey(keySpec);
    const plaintext = base64('text');
    const {ciphertextBlob} = await kms.encrypt({keyId, plaintext, encryptionContext: {a: '1'}});
    assert.equal((await kms.decrypt({ciphertextBlob, encryptionContext: {a: '1'}})).plaintext, plaintext);
    await refused(kms.decrypt({ciphertextBlob, encryptionContext: {a: '2'}}), 'InvalidParameter', 400);
    const blob = bytes(ciphertextBlob);
    blob[blob.length - 1] ^= 1;
    await refused(kms.decrypt({ciphertextBlob: base64(blob), encryptionContext: {a: '1'}}), 'InvalidParameter', 400);
  }
});

test('RSA: what Node encrypts is decrypted, and the other way round', {timeout: 2 * WAIT}, async () => {
  const rsa = await newKey('RSA_2048', 'ENCRYPT/DECRYPT');
  const {keyId, keyVersionId} = rsa;
  const key = await publicKey(rsa);
  for (const [algorithm, oaepHash, most] of [['RSAES_OAEP_SHA_1', 'sha1', 214], ['RSAES_OAEP_SHA_256', 'sha256', 190]]) {
    const plain = crypto.randomBytes(most);
    const sealed = crypto.publicEncrypt({key, oaepHash, padding: crypto.constants.RSA_PKCS1_OAEP_PADDING}, plain);
    const opened = await kms.asymmetricDecrypt({keyId, keyVersionId, algorithm, ciphertextBlob: base64(sealed)});
    assert.deepEqual(bytes(opened.plaintext), plain);
    assert.equal(opened.keyVersionId, keyVersionId);
    const made = await kms.asymmetricEncrypt({keyId, keyVersionId, algorithm, plaintext: base64(plain)});
    const again = await kms.asymmetricDecrypt({keyId, keyVersionId, algorithm, ciphertextBlob: made.ciphertextBlob});
    assert.equal(again.plaintext, base64(plain));
    await refused(kms.asymmetricEncrypt({keyId, keyVersionId, algorithm, plaintext: base64(Buffer.alloc(most + 1))}), 'InvalidParameter', 400);
    // wrong padding, another hash, another length: all look alike
    const pkcs1 = crypto.publicEncrypt({key, padding: crypto.constants.RSA_PKCS1_PADDING}, Buffer.from('x'));
    const wrong = [pkcs1, Buffer.alloc(256), sealed.subarray(1), Buffer.concat([sealed, Buffer.from('x')]), Buffer.alloc(256, 255)];
    const messages = new Set();
    for (const each of wrong) {
      const error = await refused(kms.asymmetricDecrypt({keyId, keyVersionId, algorithm, ciphertextBlob: base64(each)}), 'InvalidParameter', 400);
      messages.add(error.data.Message);
    }
    assert.equal(messages.size, 1);
  }
  await refused(kms.asymmetricEncrypt({keyId, keyVersionId, algorithm: 'SM2PKE', plaintext: base64('x')}), 'InvalidParameter', 400);
  await refused(kms.asymmetricSign({keyId, keyVersionId, algorithm: 'RSA_PSS_SHA_256', digest: base64(sha256('x'))}),
    'Rejected.UnsupportedOperation', 400);
  await refused(kms.encrypt({keyId, plaintext: base64('x')}), 'InvalidParameter', 400);
  await refused(kms.generateDataKey({keyId}), 'InvalidParameter', 400);
});

test('signatures verify with Node, and Keyhold tells wrong ones', {timeout: 2 * WAIT}, async () => {
  const pss = {padding: crypto.constants.RSA_PKCS1_PSS_PADDING, saltLength: 32};
  const ways = [['RSA_2048', 'RSA_PSS_SHA_256', pss], ['RSA_2048', 'RSA_PKCS1_SHA_256', {}], ['EC_P256', 'ECDSA_SHA_256', {}],
    ['EC_P256K', 'ECDSA_SHA_256', {}]];
  const made = new Map();
  for (const [keySpec, algorithm, options] of ways) {
    if (!made.has(keySpec)) made.set(keySpec, await newKey(keySpec, 'SIGN/VERIFY'));
    const signer = made.get(keySpec);
    const {keyId, keyVersionId} = signer;
    const key = await publicKey(signer);
    const message = crypto.randomBytes(50);
    const digest = base64(sha256(message));
    const {value} = await kms.asymmetricSign({keyId, keyVersionId, algorithm, digest});
    assert.ok(crypto.verify('sha256', message, {key, ...options}, bytes(value)), algorithm);
    assert.equal((await kms.asymmetricVerify({keyId, keyVersionId, algorithm, digest, value})).value, true);
    const other = base64(sha256('another message'));
    assert.equal((await kms.asymmetricVerify({keyId, keyVersionId, algorithm, digest: other, value})).value, false);
    assert.equal((await kms.asymmetricVerify({keyId, keyVersionId, algorithm, digest, value: base64('no signature')})).value, false);
    await refused(kms.asymmetricSign({keyId, keyVersionId, algorithm, digest: base64(Buffer.alloc(31))}), 'InvalidParameter', 400);
    await refused(kms.asymmetricSign({keyId, keyVersionId, algorithm: 'SM2DSA', digest}), 'InvalidParameter', 400);
    await refused(call('AsymmetricSign', {KeyId: keyId, Algorithm: algorithm, Digest: digest, DryRun: 'true'}), 'DryRunOperationError', 400); // 1.2.0 has no field for it
    await refused(kms.asymmetricSign({keyId, keyVersionId: keyId, algorithm, digest}), 'Forbidden.KeyVersionNotFound', 404);
  }
});

test('SM2 signs digests and encrypts', async () => {
  const signer = await newKey('EC_SM2', 'SIGN/VERIFY');
  const {keyId, keyVersionId} = signer;
  const digest = base64(crypto.randomBytes(32)); // SM3 over Z and the message, which the caller makes
  const {value} = await kms.asymmetricSign({keyId, keyVersionId, algorithm: 'SM2DSA', digest});
  assert.equal((await kms.asymmetricVerify({keyId, keyVersionId, algorithm: 'SM2DSA', digest, value})).value, true);
  const cipher = await newKey('EC_SM2', 'ENCRYPT/DECRYPT');
  const plain = {keyId: cipher.keyId, keyVersionId: cipher.keyVersionId, algorithm: 'SM2PKE'};
  const plaintext = base64(crypto.randomBytes(1000));
  const {ciphertextBlob} = await kms.asymmetricEncrypt({...plain, plaintext});
  assert.equal((await kms.asymmetricDecrypt({...plain, ciphertextBlob})).plaintext, plaintext);
  const blob = bytes(ciphertextBlob);
  blob[blob.length - 5] ^= 1;
  await refused(kms.asymmetricDecrypt({...plain, ciphertextBlob: base64(blob)}), 'InvalidParameter', 400);
});

test('Ed25519, P-384 and P-521 sign; Ed25519 whole messages only', async () => {
  for (const [keySpec, algorithm, hash] of [['EC_P384', 'ECDSA_SHA_384', 'sha384'], ['EC_P521', 'ECDSA_SHA_512', 'sha512'], ['EC_ED25519', 'ED25519_SHA_512', null]]) {
    const signer = await newKey(keySpec);
    const key = await publicKey(signer);
    const message = crypto.randomBytes(100);
    const signed = await call('AsymmetricSign', {KeyId: signer.keyId, Algorithm: algorithm, Digest: base64(message), MessageType: 'RAW'});
    assert.ok(crypto.verify(hash, message, key, bytes(signed.Value)), algorithm);
    if (!hash) await refused(call('AsymmetricSign', {KeyId: signer.keyId, Algorithm: algorithm, Digest: base64(Buffer.alloc(64))}), 'InvalidParameter', 400);
  }
});

test('MACs are those of Node', async () => {
  for (const [spec, hash] of [['HMAC_SHA_224', 'sha224'], ['HMAC_SHA_256', 'sha256'], ['HMAC_SHA_384', 'sha384'], ['HMAC_SHA_512', 'sha512'], ['HMAC_SM3', 'sm3']]) {
    const {keyId} = await newKey(spec);
    const of = {KeyId: keyId, Algorithm: spec, Message: base64('the message')};
    const made = await call('GenerateMac', of);
    assert.equal(bytes(made.Mac).length, crypto.createHash(hash).digest().length);
    assert.equal((await call('VerifyMac', {...of, Mac: made.Mac})).Value, true);
    assert.equal((await call('VerifyMac', {...of, Message: base64('the messagf'), Mac: made.Mac})).Value, false);
    assert.equal((await call('VerifyMac', {...of, Mac: base64(bytes(made.Mac).subarray(1))})).Value, false);
    await refused(call('GenerateMac', {...of, Algorithm: spec === 'HMAC_SM3' ? 'HMAC_SHA_256' : 'HMAC_SM3'}), 'InvalidParameter', 400);
    await refused(call('GenerateMac', {...of, DryRun: 'true'}), 'DryRunOperationError', 400);
  }
  const {keyId} = await newKey();
  await refused(call('GenerateMac', {KeyId: keyId, Algorithm: 'HMAC_SHA_256', Message: base64('x')}), 'Rejected.UnsupportedOperation', 400);
});

test('ReEncrypt: from key to key, and both policies count', async () => {
  const [one, two] = [await newKey(), await newKey('Aliyun_SM4')];
  const plaintext = base64('moved');
  const {ciphertextBlob} = await kms.encrypt({keyId: one.keyId, plaintext, encryptionContext: {a: '1'}});
  const wish = {CiphertextBlob: ciphertextBlob, DestinationKeyId: two.keyId, SourceEncryptionContext: '{"a":"1"}', DestinationEncryptionContext: '{"b":"2"}'};
  const moved = await call('ReEncrypt', wish);
  assert.equal(moved.KeyId, one.keyId);
  assert.equal(moved.KeyVersionId, one.keyVersionId);
  const opened = await kms.decrypt({ciphertextBlob: moved.CiphertextBlob, encryptionContext: {b: '2'}});
  assert.equal(opened.plaintext, plaintext);
  assert.equal(opened.keyId, two.keyId);
  await refused(call('ReEncrypt', {...wish, SourceEncryptionContext: '{"a":"2"}'}), 'InvalidParameter', 400);
  await refused(call('ReEncrypt', {...wish, DryRun: 'true'}), 'DryRunOperationError', 400);
  const arn = (k) => k.key.arn;
  const may = await newUser(server, 'mover', [allow('kms:ReEncryptFrom', arn(one)), allow('kms:ReEncryptTo', arn(two))]);
  const half = await newUser(server, 'half', [allow('kms:ReEncryptFrom', arn(one))]);
  const as = (who) => clients.pop(server, clients.VERSIONS.kms, who).request('ReEncrypt', wish, {method: 'POST'});
  assert.ok((await as(may)).CiphertextBlob);
  await refused(as(half), 'Forbidden.NoPermission', 403);
  await kms.disableKey({keyId: two.keyId});
  await refused(call('ReEncrypt', wish), 'Rejected.Disabled', 409);
});

test('data keys are exported to a public key of the caller\'s', async () => {
  const {keyId} = await newKey();
  const mine = crypto.generateKeyPairSync('rsa', {modulusLength: 2048});
  const PublicKeyBlob = base64(mine.publicKey.export({type: 'spki', format: 'der'}));
  const to = {PublicKeyBlob, WrappingKeySpec: 'RSA_2048', WrappingAlgorithm: 'RSAES_OAEP_SHA_256'};
  const unwrap = (wrapped) => crypto.privateDecrypt({key: mine.privateKey, oaepHash: 'sha256'}, bytes(wrapped));
  const made = await kms.generateDataKey({keyId, encryptionContext: {a: '1'}});
  const exported = await call('ExportDataKey', {CiphertextBlob: made.ciphertextBlob, EncryptionContext: '{"a":"1"}', ...to});
  assert.deepEqual(unwrap(exported.ExportedDataKey), bytes(made.plaintext));
  const both = await call('GenerateAndExportDataKey', {KeyId: keyId, NumberOfBytes: 24, ...to});
  assert.deepEqual(unwrap(both.ExportedDataKey), bytes((await kms.decrypt({ciphertextBlob: both.CiphertextBlob})).plaintext));
  await refused(call('ExportDataKey', {CiphertextBlob: made.ciphertextBlob, ...to}), 'InvalidParameter', 400);
  await refused(call('GenerateAndExportDataKey', {KeyId: keyId, ...to, PublicKeyBlob: base64('no key')}), 'InvalidParameter', 400);
  await refused(call('GenerateAndExportDataKey', {KeyId: keyId, ...to, WrappingKeySpec: 'EC_SM2'}), 'InvalidParameter', 400);
  await refused(call('GenerateAndExportDataKey', {KeyId: keyId, ...to, WrappingAlgorithm: 'RSA_AES_KEY_WRAP_SHA_256'}), 'InvalidParameter', 400);
});

test('pairs as data keys, random bytes, shared secrets', async () => {
  const {keyId} = await newKey();
  const pair = await call('GenerateDataKeyPair', {KeyId: keyId, KeyPairSpec: 'EC_P384', EncryptionContext: '{"a":"1"}'});
  const key = crypto.createPrivateKey({key: bytes(pair.PrivateKeyPlaintext), format: 'der', type: 'pkcs8'});
  const shown = crypto.createPublicKey({key: bytes(pair.PublicKey), format: 'der', type: 'spki'});
  assert.ok(crypto.verify('sha384', Buffer.from('x'), shown, crypto.sign('sha384', Buffer.from('x'), key)));
  const opened = await kms.decrypt({ciphertextBlob: pair.PrivateKeyCiphertextBlob, encryptionContext: {a: '1'}});
  assert.equal(opened.plaintext, pair.PrivateKeyPlaintext);
  const quiet = await call('GenerateDataKeyPairWithoutPlaintext', {KeyId: keyId, KeyPairSpec: 'RSA_2048'});
  assert.equal(quiet.PrivateKeyPlaintext, undefined);
  assert.ok(crypto.createPrivateKey({key: bytes((await kms.decrypt({ciphertextBlob: quiet.PrivateKeyCiphertextBlob})).plaintext), format: 'der', type: 'pkcs8'}));
  assert.equal(bytes((await call('GenerateRandom', {NumberOfBytes: 77})).Plaintext).length, 77);
  await refused(call('GenerateRandom', {NumberOfBytes: 1025}), 'InvalidParameter', 400);
  await refused(call('GenerateRandom', {NumberOfBytes: 5, Recipient: '{"x":1}'}), 'Rejected.UnsupportedOperation', 400);
  const agrees = await newKey('EC_P256', 'KEY_AGREEMENT');
  const mine = crypto.generateKeyPairSync('ec', {namedCurve: 'P-256'});
  const {SharedSecret} = await call('DeriveSharedSecret', {KeyId: agrees.keyId, KeyAgreementAlgorithm: 'ECDH',
    PublicKey: base64(mine.publicKey.export({type: 'spki', format: 'der'}))});
  assert.deepEqual(bytes(SharedSecret), crypto.diffieHellman({privateKey: mine.privateKey, publicKey: await publicKey(agrees)}));
});

test('RSA, EC and HMAC keys are brought in, and are the ones brought', {timeout: 2 * WAIT}, async () => {
  const rsa = crypto.generateKeyPairSync('rsa', {modulusLength: 2048});
  const ec = crypto.generateKeyPairSync('ec', {namedCurve: 'P-256'});
  const der = (pair) => pair.privateKey.export({type: 'pkcs8', format: 'der'});
  const imports = [['RSA_2048', 'SIGN/VERIFY', der(rsa)], ['EC_P256', 'SIGN/VERIFY', der(ec)], ['HMAC_SHA_384', undefined, crypto.randomBytes(48)], ['Aliyun_SM4', undefined, crypto.randomBytes(16)]];
  for (const [keySpec, keyUsage, material] of imports) {
    const {keyMetadata: key} = await kms.createKey({keySpec, keyUsage, origin: 'EXTERNAL'});
    assert.equal(key.keyState, 'PendingImport');
    const given = await kms.getParametersForImport({keyId: key.keyId, wrappingAlgorithm: 'RSA_AES_KEY_WRAP_SHA_256', wrappingKeySpec: 'RSA_2048'});
    const wrapping = crypto.createPublicKey({key: bytes(given.publicKey), format: 'der', type: 'spki'});
    const send = (bytesToWrap) => {
      const middle = crypto.randomBytes(32);
      const kwp = crypto.createCipheriv('id-aes256-wrap-pad', middle, Buffer.from('A65959A6', 'hex'));
      const wrapped = Buffer.concat([crypto.publicEncrypt({key: wrapping, oaepHash: 'sha256'}, middle), kwp.update(bytesToWrap), kwp.final()]);
      return kms.importKeyMaterial({keyId: key.keyId, encryptedKeyMaterial: base64(wrapped), importToken: given.importToken, keyMaterialExpireUnix: 0});
    };
    await refused(send(material.subarray(1)), 'InvalidKeyMaterial', 400);
    await send(material);
    await send(material);
    const use = {keyId: key.keyId, keyVersionId: key.primaryKeyVersion};
    if (keySpec.startsWith('HMAC')) {
      const {Mac} = await call('GenerateMac', {KeyId: key.keyId, Algorithm: keySpec, Message: base64('x')});
      assert.equal(Mac, crypto.createHmac('sha384', material).update('x').digest('base64'));
    } else if (keyUsage) {
      const algorithm = keySpec === 'RSA_2048' ? 'RSA_PKCS1_SHA_256' : 'ECDSA_SHA_256';
      const {value} = await kms.asymmetricSign({...use, algorithm, digest: base64(sha256('x'))});
      assert.ok(crypto.verify('sha256', Buffer.from('x'), crypto.createPublicKey({key: material, format: 'der', type: 'pkcs8'}), bytes(value)));
      assert.ok((await publicKey(use)).equals(crypto.createPublicKey((keySpec === 'RSA_2048' ? rsa : ec).publicKey.export({type: 'spki', format: 'pem'}))));
    }
  }
});

test('versions: old ones decrypt, the newest encrypts', async () => {
  const {keyId, keyVersionId: first} = await newKey();
  const plaintext = base64('of the first version');
  const old = await kms.encrypt({keyId, plaintext});
  const {keyVersion} = await kms.createKeyVersion({keyId});
  assert.notEqual(keyVersion.keyVersionId, first);
  assert.equal(keyVersion.keyId, keyId);
  assert.equal((await kms.describeKey({keyId})).keyMetadata.primaryKeyVersion, keyVersion.keyVersionId);
  const fresh = await kms.encrypt({keyId, plaintext});
  assert.equal(fresh.keyVersionId, keyVersion.keyVersionId);
  assert.equal((await kms.decrypt({ciphertextBlob: old.ciphertextBlob})).keyVersionId, first);
  assert.equal((await kms.decrypt({ciphertextBlob: fresh.ciphertextBlob})).keyVersionId, keyVersion.keyVersionId);
  const listed = await kms.listKeyVersions({keyId});
  assert.equal(listed.totalCount, 2);
  assert.deepEqual(listed.keyVersions.keyVersion.map((v) => v.keyVersionId), [first, keyVersion.keyVersionId]);
  assert.equal((await kms.describeKeyVersion({keyId, keyVersionId: first})).keyVersion.keyVersionId, first);
  await refused(kms.describeKeyVersion({keyId, keyVersionId: keyId}), 'Forbidden.KeyVersionNotFound', 404);
  await refused(kms.createKeyVersion({keyId}), 'Rejected.LimitExceeded', 400); // once in seven days
  await call('RotateKeyOnDemand', {KeyId: keyId});
  const {Rotations} = await call('ListKeyRotations', {KeyId: keyId});
  assert.deepEqual(Rotations.map((r) => r.RotationType), ['ON_DEMAND', 'ON_DEMAND']);
  const external = (await kms.createKey({origin: 'EXTERNAL'})).keyMetadata.keyId;
  await refused(kms.createKeyVersion({keyId: external}), 'Rejected.PendingImport', 409);
  await kms.disableKey({keyId});
  await refused(kms.createKeyVersion({keyId}), 'Rejected.Disabled', 409);
  const signer = await newKey('EC_P256', 'SIGN/VERIFY');
  const second = (await kms.createKeyVersion({keyId: signer.keyId})).keyVersion.keyVersionId;
  const [one, two] = [await publicKey(signer), await publicKey({keyId: signer.keyId, keyVersionId: second})];
  assert.ok(!one.equals(two));
  await refused(call('RotateKeyOnDemand', {KeyId: signer.keyId}), 'Rejected.UnsupportedOperation', 400);
});

test('tags, in both generations of calls', async () => {
  const [one, two] = [await newKey(), await newKey()];
  await kms.tagResource({keyId: one.keyId, tags: JSON.stringify([{TagKey: 'team', TagValue: 'a'}, {TagKey: 'cost', TagValue: ''}])});
  await kms.tagResource({keyId: one.keyId, tags: JSON.stringify([{TagKey: 'team', TagValue: 'b'}])});
  const tags = async (k) => Object.fromEntries((await kms.listResourceTags({keyId: k.keyId})).tags.tag.map((t) => [t.tagKey, t.tagValue]));
  assert.deepEqual(await tags(one), {team: 'b', cost: ''});
  await kms.untagResource({keyId: one.keyId, tagKeys: '["cost","never"]'});
  assert.deepEqual(await tags(one), {team: 'b'});
  const at = {RegionId: 'cn-hangzhou', ResourceType: 'key'};
  await call('TagResources', {...at, 'ResourceId.1': one.keyId, 'ResourceId.2': two.keyId, 'Tag.1.Key': 'env', 'Tag.1.Value': 'test'});
  assert.deepEqual(await tags(two), {env: 'test'});
  const listed = await call('ListTagResources', {...at, 'Tag.1.Key': 'env', 'Tag.1.Value': 'test'});
  assert.deepEqual(new Set(listed.TagResources.TagResource.map((t) => t.ResourceId)), new Set([one.keyId, two.keyId]));
  assert.equal((await call('ListTagResources', {...at, 'Tag.1.Key': 'none'})).TagResources.TagResource.length, 0);
  await call('UntagResources', {...at, 'ResourceId.1': one.keyId, 'TagKey.1': 'env'});
  await call('UntagResources', {...at, 'ResourceId.1': two.keyId, All: true});
  assert.deepEqual([await tags(one), await tags(two)], [{team: 'b'}, {}]);
  const user = await newUser(server, 'tagger', [allow('kms:TagResources', one.key.arn)]);
  const as = clients.open(server, user);
  await refused(as('kms', 'TagResources', {...at, 'ResourceId.1': one.keyId, 'ResourceId.2': two.keyId, 'Tag.1.Key': 'x', 'Tag.1.Value': 'y'}), 'Forbidden.NoPermission', 403);
  assert.deepEqual(await tags(one), {team: 'b'}); // all or none
  await refused(kms.tagResource({keyId: one.keyId, tags: '[{"TagKey":"acs:x","TagValue":"y"}]'}), 'InvalidParameter', 400);
  await refused(kms.tagResource({keyId: one.keyId, tags: JSON.stringify([...Array(20).keys()].map((n) => ({TagKey: `t${n}`, TagValue: ''})))}), 'Rejected.LimitExceeded', 400);
});

test('large RSA keys sign and decrypt, done by a process of their own', {timeout: 3 * WAIT}, async () => {
  const slow = clients.kms(server, server.owner, WAIT);
  const make = async (keyUsage) => {
    const {keyMetadata: key} = await slow.createKey({keySpec: 'RSA_3072', keyUsage});
    return {keyId: key.keyId, keyVersionId: key.primaryKeyVersion};
  };
  const [signer, box] = await Promise.all([make('SIGN/VERIFY'), make('ENCRYPT/DECRYPT')]);
  const key = await publicKey(signer);
  const signed = await Promise.all([...Array(20).keys()].map(async (n) => {
    const message = Buffer.from(`message ${n}`);
    const {value} = await kms.asymmetricSign({...signer, algorithm: 'RSA_PKCS1_SHA_256', digest: base64(sha256(message))});
    return crypto.verify('sha256', message, key, bytes(value));
  }));
  assert.ok(signed.every((ok) => ok));
  const {keyId: other} = await newKey();
  const plain = crypto.randomBytes(318);
  const sealed = crypto.publicEncrypt({key: await publicKey(box), oaepHash: 'sha256'}, plain);
  const algorithm = 'RSAES_OAEP_SHA_256';
  assert.deepEqual(bytes((await kms.asymmetricDecrypt({...box, algorithm, ciphertextBlob: base64(sealed)})).plaintext), plain);
  sealed[7] ^= 1;
  await refused(kms.asymmetricDecrypt({...box, algorithm, ciphertextBlob: base64(sealed)}), 'InvalidParameter', 400);
  sealed[7] ^= 1;
  const moved = await call('ReEncrypt', {CiphertextBlob: base64(sealed), SourceKeyId: box.keyId, SourceKeyVersionId: box.keyVersionId,
    SourceEncryptionAlgorithm: algorithm, DestinationKeyId: other});
  assert.deepEqual(bytes((await kms.decrypt({ciphertextBlob: moved.CiphertextBlob})).plaintext), plain);
});
