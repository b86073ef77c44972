// @alicloud/kms20160120 1.2.0: V1 signatures in the query.
'use strict';
const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const {test, before, after} = require('node:test');
const clients = require('./clients');
const {newUser, allow, deny, refused, signV1, raw, now, nonce, base64, events} = require('./help');
const {start} = require('./server');

const VERSION = clients.VERSIONS.kms;
const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;
const UUID = /^[0-9A-F]{8}-[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{12}$/i;
let server, kms;

before(async () => {
  server = await start();
  kms = clients.kms(server);
});
after(() => server.stop());

const newKey = async (fields = {}) => (await kms.createKey(fields)).keyMetadata.keyId;

test('CreateKey and DescribeKey tell the same', async () => {
  const description = 'a b*c~d/é!\'() "quoted" \u{1F511}';
  const made = await kms.createKey({description});
  assert.match(made.requestId, UUID);
  const key = made.keyMetadata;
  assert.equal(key.description, description);
  assert.equal(key.keyState, 'Enabled');
  assert.equal(key.keySpec, 'Aliyun_AES_256');
  assert.equal(key.keyUsage, 'ENCRYPT/DECRYPT');
  assert.equal(key.origin, 'Aliyun_KMS');
  assert.equal(key.protectionLevel, 'SOFTWARE');
  assert.equal(key.automaticRotation, 'Disabled');
  assert.equal(key.creator, server.accountId);
  assert.equal(key.arn, `acs:kms:cn-hangzhou:${server.accountId}:key/${key.keyId}`);
  assert.match(key.creationDate, ISO);
  assert.equal(key.deleteDate, '');
  assert.equal(key.materialExpireTime, '');
  const {keyMetadata: seen} = await kms.describeKey({keyId: key.keyId});
  assert.deepEqual({...seen, deletionProtection: undefined}, {...key, deletionProtection: undefined});
  assert.deepEqual((await kms.describeKey({keyId: key.arn})).keyMetadata, seen);
});

test('a long description travels in the request line', async () => {
  const description = 'é'.repeat(8192 / 2);
  assert.equal((await kms.createKey({description})).keyMetadata.description, description);
  await refused(kms.createKey({description: 'x'.repeat(8193)}), 'InvalidParameter', 400);
});

test('what is not offered is refused', async () => {
  await refused(kms.createKey({protectionLevel: 'HSM'}), 'Unsupported.ProtectionLevel', 400);
  await refused(kms.createKey({keySpec: 'RSA_1'}), 'InvalidParameter', 400);
  await refused(kms.createKey({origin: 'external'}), 'InvalidParameter', 400);
});

test('Encrypt and Decrypt, with and without context', async () => {
  const keyId = await newKey();
  const plaintext = base64('the text \0 with all bytes \xff');
  const bare = await kms.encrypt({keyId, plaintext});
  assert.equal(bare.keyId, keyId);
  const opened = await kms.decrypt({ciphertextBlob: bare.ciphertextBlob});
  assert.equal(opened.plaintext, plaintext);
  assert.equal(opened.keyId, keyId);
  assert.equal(opened.keyVersionId, bare.keyVersionId);

  const encryptionContext = {'Dept': 'fin ance', 'k.2': 'v=&%é', 'z': ''};
  const bound = await kms.encrypt({keyId, plaintext, encryptionContext});
  const reordered = {'z': '', 'k.2': 'v=&%é', 'Dept': 'fin ance'};
  assert.equal((await kms.decrypt({ciphertextBlob: bound.ciphertextBlob, encryptionContext: reordered})).plaintext, plaintext);
  for (const wrong of [undefined, {}, {...reordered, Dept: 'Fin ance'}, {...reordered, more: '1'}, {dept: 'fin ance', 'k.2': 'v=&%é', z: ''}])
    await refused(kms.decrypt({ciphertextBlob: bound.ciphertextBlob, encryptionContext: wrong}), 'InvalidParameter', 400);
  await refused(kms.decrypt({ciphertextBlob: bare.ciphertextBlob, encryptionContext}), 'InvalidParameter', 400);
});

test('every changed, cut or foreign ciphertext is refused', async () => {
  const keyId = await newKey();
  const {ciphertextBlob} = await kms.encrypt({keyId, plaintext: base64('x')});
  const blob = Buffer.from(ciphertextBlob, 'base64');
  for (const at of [0, 2, 3, 20, 40, blob.length - 17, blob.length - 1]) {
    const changed = Buffer.from(blob);
    changed[at] ^= 1;
    const error = await kms.decrypt({ciphertextBlob: base64(changed)}).then(() => assert.fail(`byte ${at}`), (e) => e);
    assert.match(error.code, /^(InvalidParameter|Forbidden\.Key(Version)?NotFound)Error$/, `byte ${at}`);
  }
  for (const wrong of [blob.subarray(0, blob.length - 1), blob.subarray(0, 10), Buffer.concat([blob, Buffer.from('x')]), Buffer.from('KH')])
    await refused(kms.decrypt({ciphertextBlob: base64(wrong)}), 'InvalidParameter', 400);
  await refused(kms.decrypt({ciphertextBlob: 'not base64!'}), 'InvalidParameter', 400);
});

test('plaintext of 6 KiB at most', async () => {
  const keyId = await newKey();
  const plaintext = base64(crypto.randomBytes(6144));
  const {ciphertextBlob} = await kms.encrypt({keyId, plaintext});
  assert.equal((await kms.decrypt({ciphertextBlob})).plaintext, plaintext);
  await refused(kms.encrypt({keyId, plaintext: base64(Buffer.alloc(6145))}), 'InvalidParameter', 400);
  await refused(kms.encrypt({keyId, plaintext: '****'}), 'InvalidParameter', 400);
});

test('data keys: sizes, and the blob opens to the plaintext given', async () => {
  const keyId = await newKey();
  const sizes = [[{}, 32], [{keySpec: 'AES_256'}, 32], [{keySpec: 'AES_128'}, 16], [{numberOfBytes: 64}, 64],
    [{numberOfBytes: 1024}, 1024], [{numberOfBytes: 1, keySpec: 'AES_256'}, 1]];
  for (const [how, size] of sizes) {
    const made = await kms.generateDataKey({keyId, ...how, encryptionContext: {a: '1'}});
    assert.equal(Buffer.from(made.plaintext, 'base64').length, size);
    const opened = await kms.decrypt({ciphertextBlob: made.ciphertextBlob, encryptionContext: {a: '1'}});
    assert.equal(opened.plaintext, made.plaintext);
    const sealed = await kms.generateDataKeyWithoutPlaintext({keyId, ...how});
    assert.equal(sealed.plaintext, undefined);
    const {plaintext} = await kms.decrypt({ciphertextBlob: sealed.ciphertextBlob});
    assert.equal(Buffer.from(plaintext, 'base64').length, size);
  }
  for (const numberOfBytes of [0, 1025, -1])
    await refused(kms.generateDataKey({keyId, numberOfBytes}), 'InvalidParameter', 400);
  await refused(kms.generateDataKey({keyId, keySpec: 'AES_512'}), 'InvalidParameter', 400);
});

test('ListKeys pages through all, and filters', async () => {
  for (let i = 0; i < 7; i++) await newKey({description: `k${i}`});
  const {totalCount} = await kms.listKeys({pageSize: 1});
  const seen = new Set();
  for (let pageNumber = 1; (pageNumber - 1) * 3 < totalCount; pageNumber++) {
    const page = await kms.listKeys({pageNumber, pageSize: 3});
    assert.equal(page.pageNumber, pageNumber);
    assert.equal(page.pageSize, 3);
    assert.equal(page.totalCount, totalCount);
    page.keys.key.forEach((key) => seen.add(key.keyId));
  }
  assert.equal(seen.size, totalCount);
  assert.equal((await kms.listKeys({pageNumber: 1000})).keys.key.length, 0);
  await refused(kms.listKeys({pageSize: 101}), 'InvalidParameter', 400);
  await refused(kms.listKeys({pageNumber: 0}), 'InvalidParameter', 400);
});

test('aliases', async () => {
  const [one, two] = [await newKey(), await newKey()];
  const aliasName = 'alias/pay/roll_1-x';
  await kms.createAlias({aliasName, keyId: one});
  assert.equal((await kms.describeKey({keyId: aliasName})).keyMetadata.keyId, one);
  const made = await kms.encrypt({keyId: aliasName, plaintext: base64('x')});
  assert.equal(made.keyId, one);
  await refused(kms.createAlias({aliasName, keyId: two}), 'AliasAlreadyExists', 400);
  await refused(kms.createAlias({aliasName: 'alias/acs/mine', keyId: two}), 'InvalidParameter', 400);
  await refused(kms.createAlias({aliasName: 'noprefix', keyId: two}), 'InvalidParameter', 400);
  await refused(kms.createAlias({aliasName: 'alias/sp ace', keyId: two}), 'InvalidParameter', 400);
  await kms.updateAlias({aliasName, keyId: two});
  assert.equal((await kms.encrypt({keyId: aliasName, plaintext: base64('x')})).keyId, two);
  assert.equal((await kms.decrypt({ciphertextBlob: made.ciphertextBlob})).plaintext, base64('x'));
  const listed = (await kms.listAliasesByKeyId({keyId: two})).aliases.alias;
  assert.deepEqual(listed.map((a) => [a.aliasName, a.keyId]), [[aliasName, two]]);
  assert.equal(listed[0].aliasArn, `acs:kms:cn-hangzhou:${server.accountId}:${aliasName}`);
  assert.ok((await kms.listAliases({pageSize: 100})).aliases.alias.some((a) => a.aliasName === aliasName));
  await refused(kms.disableKey({keyId: aliasName}), 'Unsupported.Alias', 400);
  await kms.deleteAlias({aliasName});
  await refused(kms.describeKey({keyId: aliasName}), 'Forbidden.AliasNotFound', 404);
  await refused(kms.deleteAlias({aliasName}), 'Forbidden.AliasNotFound', 404);
});

test('the states of a key allow what they should', async () => {
  const keyId = await newKey();
  const plaintext = base64('x');
  const {ciphertextBlob} = await kms.encrypt({keyId, plaintext});
  const uses = () => [kms.encrypt({keyId, plaintext}), kms.decrypt({ciphertextBlob}), kms.generateDataKey({keyId}),
    kms.generateDataKeyWithoutPlaintext({keyId})];
  const state = async () => (await kms.describeKey({keyId})).keyMetadata.keyState;

  await refused(kms.cancelKeyDeletion({keyId}), 'Rejected.StateModifiedFailed', 409);
  await kms.disableKey({keyId});
  assert.equal(await state(), 'Disabled');
  await refused(uses(), 'Rejected.Disabled', 409);
  await kms.updateKeyDescription({keyId, description: 'resting'});
  await kms.enableKey({keyId});
  assert.equal((await kms.decrypt({ciphertextBlob})).plaintext, plaintext);

  await refused(kms.scheduleKeyDeletion({keyId, pendingWindowInDays: 6}), 'InvalidParameter', 400);
  await kms.scheduleKeyDeletion({keyId, pendingWindowInDays: 7});
  assert.equal(await state(), 'PendingDeletion');
  const {deleteDate} = (await kms.describeKey({keyId})).keyMetadata;
  assert.ok(Math.abs(Date.parse(deleteDate) - Date.now() - 7 * 86400e3) < 120e3, deleteDate);
  await refused(uses(), 'Rejected.PendingDeletion', 409);
  await refused(kms.enableKey({keyId}), 'Rejected.StateModifiedFailed', 409);
  await refused(kms.scheduleKeyDeletion({keyId, pendingWindowInDays: 7}), 'Rejected.StateModifiedFailed', 409);
  await refused(kms.updateKeyDescription({keyId, description: 'x'}), 'Rejected.PendingDeletion', 409);
  await kms.cancelKeyDeletion({keyId});
  assert.equal(await state(), 'Enabled');
  assert.equal((await kms.decrypt({ciphertextBlob})).plaintext, plaintext);
});

test('keys that are not there', async () => {
  const keyId = crypto.randomUUID();
  const error = await refused(kms.describeKey({keyId}), 'Forbidden.KeyNotFound', 404);
  assert.equal(error.data.HttpStatus, 404);
  assert.match(error.data.RequestId, UUID);
  assert.match(error.data.Message, /not found/);
  await refused(kms.encrypt({keyId, plaintext: base64('x')}), 'Forbidden.KeyNotFound', 404);
  await refused(kms.encrypt({keyId: 'alias/none', plaintext: base64('x')}), 'Forbidden.AliasNotFound', 404);
  // of another account nobody is told what there is
  await refused(kms.describeKey({keyId: 'acs:kms:cn-hangzhou:1999999999999999:key/' + keyId}), 'Forbidden.NoPermissionError', 403);
});

test('operations that this server does not have say so', async () => {
  const answer = await raw(server, {body: signV1(server.owner, VERSION, 'GetKmsInstance', {KmsInstanceId: 'x'}),
    headers: {'content-type': 'application/x-www-form-urlencoded'}});
  assert.equal(answer.status, 404);
  assert.equal(answer.json().Code, 'InvalidAction.NotFound');
});

const WRAPPINGS = [['RSAES_OAEP_SHA_256', 'sha256'], ['RSAES_OAEP_SHA_1', 'sha1']];

function wrap(publicKey, hash, material) {
  const key = crypto.createPublicKey({key: Buffer.from(publicKey, 'base64'), format: 'der', type: 'spki'});
  return base64(crypto.publicEncrypt({key, oaepHash: hash, padding: crypto.constants.RSA_PKCS1_OAEP_PADDING}, material));
}

async function importMaterial(keyId, [wrappingAlgorithm, hash], material, keyMaterialExpireUnix = 0) {
  const given = await kms.getParametersForImport({keyId, wrappingAlgorithm, wrappingKeySpec: 'RSA_2048'});
  assert.match(given.tokenExpireTime, ISO);
  const encryptedKeyMaterial = wrap(given.publicKey, hash, material);
  return kms.importKeyMaterial({keyId, encryptedKeyMaterial, importToken: given.importToken, keyMaterialExpireUnix});
}

for (const wrapping of WRAPPINGS) {
  test(`bring your own key through ${wrapping[0]}`, async () => {
    const material = crypto.randomBytes(32);
    const keyId = await newKey({origin: 'EXTERNAL'});
    assert.equal((await kms.describeKey({keyId})).keyMetadata.keyState, 'PendingImport');
    await refused(kms.encrypt({keyId, plaintext: base64('x')}), 'Rejected.PendingImport', 409);
    await refused(kms.enableKey({keyId}), 'Rejected.StateModifiedFailed', 409);
    await importMaterial(keyId, wrapping, material);
    assert.equal((await kms.describeKey({keyId})).keyMetadata.keyState, 'Enabled');
    const {ciphertextBlob} = await kms.encrypt({keyId, plaintext: base64('own')});
    await kms.deleteKeyMaterial({keyId});
    await refused(kms.decrypt({ciphertextBlob}), 'Rejected.PendingImport', 409);
    await refused(importMaterial(keyId, wrapping, crypto.randomBytes(32)), 'InvalidKeyMaterial', 400);
    const expires = Math.floor(Date.now() / 1000) + 3600;
    await importMaterial(keyId, wrapping, material, expires);
    const {materialExpireTime} = (await kms.describeKey({keyId})).keyMetadata;
    assert.equal(Date.parse(materialExpireTime), expires * 1000);
    assert.equal((await kms.decrypt({ciphertextBlob})).plaintext, base64('own'));
  });
}

test('what imports refuse', async () => {
  const keyId = await newKey({origin: 'EXTERNAL'}), other = await newKey({origin: 'EXTERNAL'}), own = await newKey();
  const ask = {wrappingAlgorithm: 'RSAES_OAEP_SHA_256', wrappingKeySpec: 'RSA_2048'};
  await refused(kms.getParametersForImport({keyId: own, ...ask}), 'Unsupported.Origin', 400);
  await refused(kms.getParametersForImport({keyId, ...ask, wrappingAlgorithm: 'RSAES_PKCS1_V1_5'}), 'InvalidParameter', 400);
  await refused(kms.deleteKeyMaterial({keyId: own}), 'Unsupported.Origin', 400);
  const given = await kms.getParametersForImport({keyId, ...ask});
  const good = {keyId, importToken: given.importToken, keyMaterialExpireUnix: 0};
  const wrapped = wrap(given.publicKey, 'sha256', Buffer.alloc(32, 7));
  for (const size of [16, 31, 33, 64]) {
    const encryptedKeyMaterial = wrap(given.publicKey, 'sha256', Buffer.alloc(size, 1));
    await refused(kms.importKeyMaterial({...good, encryptedKeyMaterial}), 'InvalidKeyMaterial', 400);
  }
  const wrongHash = wrap(given.publicKey, 'sha1', Buffer.alloc(32, 7));
  await refused(kms.importKeyMaterial({...good, encryptedKeyMaterial: wrongHash}), 'InvalidKeyMaterial', 400);
  await refused(kms.importKeyMaterial({...good, encryptedKeyMaterial: base64(crypto.randomBytes(256))}), 'InvalidKeyMaterial', 400);
  const token = Buffer.from(given.importToken, 'base64');
  token[token.length - 1] ^= 1;
  await refused(kms.importKeyMaterial({...good, encryptedKeyMaterial: wrapped, importToken: base64(token)}), 'InvalidImportToken', 400);
  await refused(kms.importKeyMaterial({...good, encryptedKeyMaterial: wrapped, keyId: other}), 'InvalidImportToken', 400);
  await refused(kms.importKeyMaterial({...good, encryptedKeyMaterial: wrapped, keyMaterialExpireUnix: 1}), 'InvalidParameter', 400);
  assert.equal((await kms.describeKey({keyId})).keyMetadata.keyState, 'PendingImport');
  await kms.importKeyMaterial({...good, encryptedKeyMaterial: wrapped});
});

test('one key\'s ciphertext is nothing to another key of the same material', async () => {
  const material = crypto.randomBytes(32);
  const [one, two] = [await newKey({origin: 'EXTERNAL'}), await newKey({origin: 'EXTERNAL'})];
  await importMaterial(one, WRAPPINGS[0], material);
  await importMaterial(two, WRAPPINGS[0], material);
  const blobs = await Promise.all([one, two].map((keyId) => kms.encrypt({keyId, plaintext: base64('x')})));
  const [a, b] = blobs.map((made) => Buffer.from(made.ciphertextBlob, 'base64'));
  const forged = Buffer.concat([b.subarray(0, 36), a.subarray(36)]); // the other key's head, this key's ciphertext
  await refused(kms.decrypt({ciphertextBlob: base64(forged)}), 'InvalidParameter', 400);
});

test('a user without a policy gets nothing, a narrow one only what it says', async () => {
  const open = await newKey(), closed = await newKey();
  const nobody = await newUser(server, 'nobody');
  const arn = `acs:kms:*:${server.accountId}:key/${open}`;
  const narrow = await newUser(server, 'narrow', [allow(['kms:Encrypt', 'kms:Decrypt'], arn), deny('kms:Decrypt')]);
  await refused([clients.kms(server, nobody).encrypt({keyId: open, plaintext: base64('x')}),
    clients.kms(server, nobody).listKeys(), clients.kms(server, nobody).createKey(),
    clients.kms(server, narrow).encrypt({keyId: closed, plaintext: base64('x')}),
    clients.kms(server, narrow).disableKey({keyId: open})], 'Forbidden.NoPermission', 403);
  const {ciphertextBlob} = await clients.kms(server, narrow).encrypt({keyId: open, plaintext: base64('x')});
  await refused(clients.kms(server, narrow).decrypt({ciphertextBlob}), 'Forbidden.NoPermission', 403);
  const denied = await events(server, {User: 'narrow', EventName: 'Decrypt'});
  assert.equal(denied.length, 1);
  assert.equal(denied[0].userIdentity.userName, 'narrow');
  assert.match(denied[0].errorCode, /NoPermission/);
});

test('a user may not find out by other errors what it may not ask', async () => {
  const nobody = clients.kms(server, await newUser(server, 'curious'));
  const disabled = await newKey();
  await kms.disableKey({keyId: disabled});
  await refused(nobody.encrypt({keyId: disabled, plaintext: base64('x')}), 'Forbidden.NoPermission', 403);
});

test('a wrong secret, an unknown access key', async () => {
  const keyId = await newKey();
  const thief = clients.kms(server, {id: server.owner.id, secret: 'not-the-secret'});
  const error = await thief.describeKey({keyId}).then(() => assert.fail('not refused'), (e) => e);
  assert.match(error.code, /^(SignatureDoesNotMatch|InvalidAccessKeySecret)/);
  // a bad signature wins over any other error
  const late = await thief.describeKey({keyId: crypto.randomUUID()}).then(() => assert.fail('not refused'), (e) => e);
  assert.match(late.code, /^(SignatureDoesNotMatch|InvalidAccessKeySecret)/);
  await refused(clients.kms(server, {id: 'LTAInobody', secret: 'x'}).listKeys(), 'SignatureDoesNotMatch', 400);
});

const post = (parameters) => raw(server, {path: '/?' + parameters});

async function refusedRaw(parameters, status, code) {
  const answer = await post(parameters);
  assert.equal(answer.json().Code, code, answer.body.toString());
  assert.equal(answer.status, status);
  assert.match(answer.json().RequestId, UUID);
  return answer.json();
}

test('a request is taken once', async () => {
  const signed = signV1(server.owner, VERSION, 'ListKeys', {});
  assert.equal((await post(signed)).status, 200);
  await refusedRaw(signed, 400, 'SignatureNonceUsed');
  const used = nonce();
  assert.equal((await post(signV1(server.owner, VERSION, 'ListKeys', {}, {SignatureNonce: used}))).status, 200);
  await refusedRaw(signV1(server.owner, VERSION, 'DescribeRegions', {}, {SignatureNonce: used}), 400, 'SignatureNonceUsed');
});

test('of the same request sent many times at once one is taken', async () => {
  const signed = signV1(server.owner, VERSION, 'CreateKey', {Description: 'once'});
  const answers = await Promise.all(Array.from({length: 20}, () => post(signed)));
  assert.equal(answers.filter((a) => a.status === 200).length, 1);
  assert.ok(answers.every((a) => a.status === 200 || a.json().Code === 'SignatureNonceUsed'));
});

test('a request is taken in its time', async () => {
  for (const offset_s of [-901, 901])
    await refusedRaw(signV1(server.owner, VERSION, 'ListKeys', {}, {Timestamp: now(offset_s)}), 400, 'IllegalTimestamp');
  for (const offset_s of [-850, 850])
    assert.equal((await post(signV1(server.owner, VERSION, 'ListKeys', {}, {Timestamp: now(offset_s)}))).status, 200);
  await refusedRaw(signV1(server.owner, VERSION, 'ListKeys', {}, {Timestamp: 'yesterday'}), 400, 'IllegalTimestamp');
  await refusedRaw(signV1(server.owner, VERSION, 'ListKeys', {}, {Timestamp: undefined}), 400, 'IllegalTimestamp');
});

test('what was signed is what counts', async () => {
  const keyId = await newKey();
  const signed = signV1(server.owner, VERSION, 'DescribeKey', {KeyId: keyId});
  await refusedRaw(signed.replace('Action=DescribeKey', 'Action=DisableKey'), 400, 'SignatureDoesNotMatch');
  await refusedRaw(signed + '&Extra=1', 400, 'SignatureDoesNotMatch');
  await refusedRaw(signed.replace(/&Signature=.*/, ''), 400, 'IncompleteSignature');
  await refusedRaw(signed.replace(/Signature=[^&]*$/, 'Signature=%21%21'), 400, 'IncompleteSignature');
  const answer = await raw(server, {method: 'GET', path: '/?' + signed});
  assert.equal(answer.json().Code, 'SignatureDoesNotMatch');
  assert.equal((await kms.describeKey({keyId})).keyMetadata.keyState, 'Enabled');
});

test('unknown actions and versions, missing parameters', async () => {
  await refusedRaw(signV1(server.owner, VERSION, 'NoSuchThing', {}), 404, 'InvalidAction.NotFound');
  await refusedRaw(signV1(server.owner, '1999-01-01', 'ListKeys', {}), 400, 'NoSuchVersion');
  await refusedRaw(signV1(server.owner, VERSION, 'DescribeKey', {}), 400, 'MissingParameter');
  await refusedRaw(signV1(server.owner, VERSION, 'DescribeKey', {KeyId: ''}), 400, 'MissingParameter');
  await refusedRaw(signV1(server.owner, VERSION, 'ListKeys', {PageSize: 'ten'}), 400, 'InvalidParameter');
});

test('a dry run fails in the end, and says what would have been', async () => {
  const keyId = await newKey();
  await refusedRaw(signV1(server.owner, VERSION, 'Encrypt', {KeyId: keyId, Plaintext: base64('x'), DryRun: 'true'}), 400, 'DryRunOperationError');
  await kms.disableKey({keyId});
  await refusedRaw(signV1(server.owner, VERSION, 'Encrypt', {KeyId: keyId, Plaintext: base64('x'), DryRun: 'true'}), 409, 'Rejected.Disabled');
});

test('tags given at birth', async () => {
  const Tags = JSON.stringify([{TagKey: 'env', TagValue: 'p r'}, {TagKey: 'ü', TagValue: ''}]);
  const made = (await post(signV1(server.owner, VERSION, 'CreateKey', {Tags}))).json();
  const {tags} = await kms.listResourceTags({keyId: made.KeyMetadata.KeyId});
  assert.deepEqual(tags.tag.map((t) => [t.tagKey, t.tagValue]), [['env', 'p r'], ['ü', '']]);
  for (const wrong of ['[{"TagKey":"acs:x","TagValue":""}]', '[{"TagValue":"x"}]', '{', '[1]'])
    assert.match((await post(signV1(server.owner, VERSION, 'CreateKey', {Tags: wrong}))).json().Code, /^(Invalid|Missing)Parameter$/, wrong);
  const many = JSON.stringify(Array.from({length: 21}, (_, i) => ({TagKey: `k${i}`, TagValue: ''})));
  assert.equal((await post(signV1(server.owner, VERSION, 'CreateKey', {Tags: many}))).json().Code, 'Rejected.LimitExceeded');
});

test('answers in XML when asked', async () => {
  const answer = await post(signV1(server.owner, VERSION, 'ListKeys', {PageSize: 1}, {Format: 'XML'}));
  assert.equal(answer.headers['content-type'], 'text/xml;charset=utf-8');
  assert.match(answer.body.toString(), /^<\?xml[^>]*>\s*<KMS><RequestId>[^<]+<\/RequestId>.*<Keys><Key><KeyId>.*<\/KMS>\s*$/s);
  const error = await post(signV1(server.owner, VERSION, 'DescribeKey', {KeyId: crypto.randomUUID()}, {Format: 'XML'}));
  assert.match(error.body.toString(), /<KMS><HttpStatus>404<\/HttpStatus>.*<Code>Forbidden.KeyNotFound<\/Code>/s);
});

test('plaintexts and secrets are not in the trail', async () => {
  const keyId = await newKey();
  const marker = base64('marker-of-a-plaintext-0123456789');
  const {requestId} = await kms.encrypt({keyId, plaintext: marker, encryptionContext: {shown: 'yes'}});
  const event = (await events(server, {ResourceName: keyId, EventName: 'Encrypt'})).find((e) => e.requestId === requestId);
  assert.ok(event);
  assert.equal(event.requestParameters.KeyId, keyId);
  assert.ok(!JSON.stringify(event).includes(marker.slice(0, 30)), JSON.stringify(event));
});
