// The main job from end to end: a file stored under the owner's own key, every use authorised, recorded and provable.
'use strict';
const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const {test, before, after} = require('node:test');
const clients = require('./clients');
const {newUser, refused, base64, events} = require('./help');
const {start} = require('./server');

let server, kms, folder;

before(async () => {
  server = await start();
  kms = clients.kms(server);
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'keyhold-job-'));
});
after(async () => {
  fs.rmSync(folder, {recursive: true});
  const end = await server.stop();
  assert.equal(end.code, 0, `stopped with ${end.code || end.signal}: ${server.log.join('')}`);
});

async function importKey(keyId, wrappingAlgorithm, oaepHash, material) {
  const given = await kms.getParametersForImport({keyId, wrappingAlgorithm, wrappingKeySpec: 'RSA_2048'});
  const key = crypto.createPublicKey({key: Buffer.from(given.publicKey, 'base64'), format: 'der', type: 'spki'});
  const wrapped = crypto.publicEncrypt({key, oaepHash, padding: crypto.constants.RSA_PKCS1_OAEP_PADDING}, material);
  return kms.importKeyMaterial({keyId, encryptedKeyMaterial: base64(wrapped), importToken: given.importToken, keyMaterialExpireUnix: 0});
}

for (const [wrapping, hash] of [['RSAES_OAEP_SHA_256', 'sha256'], ['RSAES_OAEP_SHA_1', 'sha1']]) {
  test(`the main job with ${wrapping}`, async () => {
    const material = crypto.randomBytes(32), bucket = `vaulted-${hash}`;
    const from = path.join(folder, `in-${hash}`), to = path.join(folder, `out-${hash}`);
    fs.writeFileSync(from, crypto.randomBytes(3 * 1024 * 1024 + 17));

    // a key of one's own
    const {keyMetadata: {keyId}} = await kms.createKey({origin: 'EXTERNAL', description: 'my own key'});
    await importKey(keyId, wrapping, hash, material);
    await kms.createAlias({aliasName: `alias/${bucket}`, keyId});

    // a bucket under it, and a file
    const store = clients.oss(server, server.owner, {bucket});
    await store.putBucket(bucket);
    await store.putBucketEncryption(bucket, {SSEAlgorithm: 'KMS', KMSMasterKeyID: keyId});
    const put = await store.put('contract.pdf', from);
    assert.equal(put.res.headers['x-oss-server-side-encryption-key-id'], keyId);
    await store.get('contract.pdf', to);
    assert.ok(fs.readFileSync(to).equals(fs.readFileSync(from)));

    // the owner switches the key off and on
    await kms.disableKey({keyId});
    await refused([store.get('contract.pdf'), store.put('more', Buffer.from('x')), store.copy('copy', 'contract.pdf')], 'KeyDisabled', 409);
    await kms.enableKey({keyId});
    assert.ok((await store.get('contract.pdf')).content.equals(fs.readFileSync(from)));

    // the owner takes the key away and brings it back: nothing but the same bytes will do
    await kms.deleteKeyMaterial({keyId});
    await refused(store.get('contract.pdf'), 'KeyPendingImport', 409);
    await refused(importKey(keyId, wrapping, hash, crypto.randomBytes(32)), 'InvalidKeyMaterial', 400);
    await refused(store.get('contract.pdf'), 'KeyPendingImport', 409);
    await importKey(keyId, wrapping, hash, material);
    assert.ok((await store.get('contract.pdf')).content.equals(fs.readFileSync(from)));

    // somebody else gets nothing
    const stranger = clients.oss(server, await newUser(server, `stranger-${hash}`), {bucket});
    await refused(stranger.get('contract.pdf'), 'AccessDenied', 403);

    // and all of it is in the trail
    const trail = (await events(server, {ResourceName: keyId})).reverse();
    const told = trail.map((e) => e.eventName + (e.errorCode ? `: ${e.errorCode}` : ''));
    for (const expected of ['CreateKey', 'GetParametersForImport', 'ImportKeyMaterial', 'DisableKey', 'EnableKey', 'DeleteKeyMaterial',
      'ImportKeyMaterial: InvalidKeyMaterial'])
      assert.ok(told.includes(expected), `${expected} in ${told}`);
    assert.equal(told.filter((t) => t === 'ImportKeyMaterial').length, 2);
    const object = `${bucket}/contract.pdf`;
    const uses = (await events(server, {ServiceName: 'Oss'})).filter((e) => e.resourceName.includes(object)).reverse();
    const puts = uses.filter((e) => e.eventName === 'PutObject' && !e.errorCode), gets = uses.filter((e) => e.eventName === 'GetObject');
    assert.equal(puts.length, 1);
    assert.equal(puts[0].requestId, put.res.headers['x-oss-request-id'], 'the request id finds the event');
    assert.deepEqual(gets.map((e) => e.errorCode || 'ok').sort(),
      ['NoPermission', 'Rejected.Disabled', 'Rejected.PendingImport', 'Rejected.PendingImport', 'ok', 'ok', 'ok']);
    for (const event of uses.filter((e) => !e.errorCode && ['PutObject', 'GetObject'].includes(e.eventName))) {
      assert.equal(event.keyUse.length, 1, 'the vault has witnessed the use');
      assert.equal(event.keyUse[0].keyId, keyId);
      assert.ok(event.referencedResources['ACS::KMS::Key'].includes(keyId));
    }
    const everything = JSON.stringify(await events(server, {}));
    for (const form of ['base64', 'hex']) assert.ok(!everything.includes(material.toString(form)));

    // any of these events can be proven
    const call = clients.open(server);
    const {Proof, Entry} = await call('keyhold', 'GetEventProof', {EventId: puts[0].eventId});
    assert.deepEqual(JSON.parse(Entry), puts[0]);
    assert.match(Proof, /^c2sp\.org\/tlog-proof@v1\n/);
  });
}
