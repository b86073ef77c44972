// Certificates through @alicloud/pop-core and @alicloud/openapi-client: the KMS package has no methods for them. The authority that answers
// the requests is openssl's.
'use strict';
const assert = require('node:assert/strict');
const {execFileSync} = require('node:child_process');
const crypto = require('node:crypto');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const {test, before, after} = require('node:test');
const clients = require('./clients');
const {newUser, allow, refused, base64, events} = require('./help');
const {start} = require('./server');

let server, kms, open, folder;
const ask = (action, fields = {}) => kms.request(action, fields, {method: 'POST', timeout: 20000});
const SUBJECT = 'CN=www.example.org,OU=kms,O=Example\\, Inc,C=CN';
const NOBODY = crypto.randomUUID();

before(async () => {
  server = await start();
  kms = clients.pop(server, clients.VERSIONS.kms);
  open = clients.open(server);
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'authority-'));
  for (const name of ['root', 'other'])
    openssl('req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', `${name}.key`, '-out', `${name}.pem`, '-days', '30', '-subj', `/CN=${name}`);
  fs.writeFileSync(file('authority.cnf'), 'basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\n');
  openssl('req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', 'middle.key', '-out', 'middle.csr', '-subj', '/CN=middle');
  openssl('x509', '-req', '-in', 'middle.csr', '-CA', 'root.pem', '-CAkey', 'root.key', '-CAcreateserial', '-days', '30', '-extfile', 'authority.cnf', '-out', 'middle.pem');
  openssl('genpkey', '-algorithm', 'SM2', '-out', 'sm2.key');
  openssl('req', '-x509', '-new', '-sm3', '-key', 'sm2.key', '-out', 'sm2.pem', '-days', '30', '-subj', '/CN=sm2', '-sigopt', 'distid:1234567812345678');
});
after(() => {
  fs.rmSync(folder, {recursive: true, force: true});
  return server.stop();
});

const file = (name) => path.join(folder, name);
const read = (name) => fs.readFileSync(file(name), 'utf8');
const openssl = (...words) => execFileSync('openssl', words, {cwd: folder, stdio: ['ignore', 'pipe', 'pipe']}).toString();

// The authority's answer to a request.
function issue(csr, by = 'middle', more = ['-days', '10']) {
  fs.writeFileSync(file('this.csr'), csr);
  const sm2 = by === 'sm2' ? ['-sm3', '-sigopt', 'distid:1234567812345678', '-vfyopt', 'distid:1234567812345678'] : [];
  openssl('x509', '-req', '-in', 'this.csr', '-CA', `${by}.pem`, '-CAkey', `${by}.key`, '-CAcreateserial', '-copy_extensions', 'copy', '-out', 'this.pem', ...sm2, ...more);
  return read('this.pem');
}

async function create(KeySpec, fields = {}) {
  return ask('CreateCertificate', {KeySpec, Subject: SUBJECT, ...fields});
}

async function active(KeySpec, by = KeySpec === 'EC_SM2' ? 'sm2' : 'middle') {
  const {CertificateId, Csr} = await create(KeySpec);
  await ask('UploadCertificate', {CertificateId, Certificate: issue(Csr, by), CertificateChain: by === 'middle' ? read('middle.pem') + read('root.pem') : read('sm2.pem')});
  return CertificateId;
}

test('a request is the key\'s own, with the subject and the names asked for', async () => {
  for (const KeySpec of ['RSA_2048', 'EC_P256', 'EC_SM2']) {
    const made = await create(KeySpec, {SubjectAlternativeNames: JSON.stringify(['www.example.org', '*.example.org', '192.0.2.7'])});
    assert.match(made.Arn, new RegExp(`^acs:kms:[^:]+:${server.accountId}:certificate/${made.CertificateId}$`));
    fs.writeFileSync(file('req.csr'), made.Csr);
    const shown = openssl('req', '-verify', '-noout', '-text', '-in', 'req.csr', '-nameopt', 'RFC2253', ...(KeySpec === 'EC_SM2' ? ['-vfyopt', 'distid:1234567812345678'] : []));
    assert.match(shown, /Subject: CN=www\.example\.org,OU=kms,O=Example\\, Inc,C=CN\n/);
    assert.match(shown, /DNS:www\.example\.org, DNS:\*\.example\.org, IP Address:192\.0\.2\.7\n/);
    const seen = await ask('DescribeCertificate', {CertificateId: made.CertificateId});
    assert.deepEqual([seen.Status, seen.KeySpec, seen.Subject, seen.ExportablePrivateKey, seen.ProtectionLevel], ['PENDING', KeySpec, SUBJECT, false, 'SOFTWARE']);
    assert.equal((await ask('GetCertificate', {CertificateId: made.Arn})).Csr, made.Csr);
  }
});

test('what is asked for wrongly makes nothing', async () => {
  const before_ = (await open('keyhold', 'ListCertificates', {})).TotalCount;
  for (const Subject of ['O=x', 'CN=', 'www.example.org', 'CN=x,C=CHN', 'CN=a+O=b', '{"CN":"x"}'])
    await refused(ask('CreateCertificate', {KeySpec: 'EC_P256', Subject}), 'InvalidParameter', 400);
  for (const names of ['["a b"]', '["300.1.1.1"]', '[1]', '["a"', JSON.stringify(Array(11).fill('a.example'))])
    await refused(create('EC_P256', {SubjectAlternativeNames: names}), 'InvalidParameter', 400);
  await refused(create('RSA_4096'), 'InvalidParameter', 400);
  await refused(create('EC_P256', {ExportablePrivateKey: true}), 'Rejected.UnsupportedOperation', 400);
  await refused(ask('CreateCertificate', {Subject: SUBJECT}), 'MissingParameter', 400);
  assert.equal((await open('keyhold', 'ListCertificates', {})).TotalCount, before_);
});

test('a certificate comes to life with the authority\'s answer', async () => {
  const {CertificateId, Csr} = await create('EC_P256', {SubjectAlternativeNames: '["www.example.org"]'});
  const sign = {CertificateId, Algorithm: 'ECDSA_SHA_256', Message: base64('m')};
  await refused(ask('CertificatePrivateKeySign', sign), 'Rejected.Disabled', 409);
  await refused(ask('UpdateCertificateStatus', {CertificateId, Status: 'ACTIVE'}), 'Rejected.StateModifiedFailed', 409);
  const Certificate = issue(Csr), CertificateChain = read('middle.pem') + read('root.pem');
  await ask('UploadCertificate', {CertificateId, Certificate, CertificateChain});
  const got = await open('kms', 'GetCertificate', {CertificateId});
  assert.deepEqual([got.Certificate, got.CertificateChain], [Certificate, CertificateChain]);
  const theirs = new crypto.X509Certificate(Certificate);
  const seen = await open('kms', 'DescribeCertificate', {CertificateId});
  assert.deepEqual([seen.Status, seen.Issuer, seen.Subject, seen.SignatureAlgorithm], ['ACTIVE', 'CN=middle', SUBJECT, 'ecdsa-with-SHA256']);
  assert.equal(seen.Serial.toLowerCase(), theirs.serialNumber.toLowerCase());
  assert.equal(Date.parse(seen.NotAfter), Date.parse(theirs.validTo));
  assert.deepEqual(seen.SubjectAlternativeNames, {SubjectAlternativeName: ['www.example.org']});
  assert.ok((await ask('CertificatePrivateKeySign', sign)).SignatureValue);
  // renewed for the same key
  const renewed = issue(Csr);
  await ask('UploadCertificate', {CertificateId, Certificate: renewed, CertificateChain});
  assert.equal((await ask('GetCertificate', {CertificateId})).Certificate, renewed);
});

test('what no authority would have answered is refused', async () => {
  const {CertificateId, Csr} = await create('EC_P256');
  const foreign = issue((await create('EC_P256')).Csr), good = issue(Csr), chain = read('middle.pem') + read('root.pem');
  const upload = (Certificate, CertificateChain = chain) => ask('UploadCertificate', {CertificateId, Certificate, CertificateChain});
  const der = Buffer.from(good.replace(/-----[^-]+-----|\s/g, ''), 'base64');
  const pem = (bytes) => `-----BEGIN CERTIFICATE-----\n${bytes.toString('base64')}\n-----END CERTIFICATE-----\n`;
  const flipped = Buffer.from(der);
  flipped[der.length - 20] ^= 1;
  const wrongs = {
    'another key': [foreign], 'another kind of key': [read('root.pem'), ''],
    expired: [issue(Csr, 'middle', ['-days', '-1'])], 'an expired one without a chain': [issue(Csr, 'middle', ['-days', '-1']), ''],
    'the wrong order': [good, read('root.pem') + read('middle.pem')], 'a link left out': [good, read('root.pem')],
    'another authority': [good, read('other.pem')], 'an authority of another kind': [good, read('sm2.pem')], 'itself as its authority': [good, good],
    'a changed signature': [pem(flipped)], 'cut': [pem(der.subarray(0, der.length - 1))], 'one byte more': [pem(Buffer.concat([der, Buffer.alloc(1)]))],
    'no certificate': ['hello'], 'a key': [read('root.key')], 'the request': [Csr], two: [good + good], 'text before it': ['x' + good], 'a chain of nothing': [good, 'x'],
    'a broken hash': [issue(Csr, 'middle', ['-days', '10', '-sha1'])],
  };
  for (const [name, words] of Object.entries(wrongs)) {
    await assert.rejects(upload(...words), (e) => e.code === 'InvalidParameter' || assert.fail(`${name}: ${e.code}`), name);
    assert.equal((await ask('DescribeCertificate', {CertificateId})).Status, 'PENDING', name);
  }
  await upload(good);
  await ask('UploadCertificate', {CertificateId, Certificate: good});
});

test('signatures of every kind, checked outside', async () => {
  const message = Buffer.from('what is signed'), Message = message.toString('base64');
  const digest = crypto.createHash('sha256').update(message).digest('base64');
  const ways = {RSA_2048: ['RSA_PKCS1_SHA_256', 'RSA_PSS_SHA_256'], EC_P256: ['ECDSA_SHA_256'], EC_SM2: ['SM2DSA']};
  for (const [KeySpec, algorithms] of Object.entries(ways)) {
    const CertificateId = await active(KeySpec);
    const key = new crypto.X509Certificate((await ask('GetCertificate', {CertificateId})).Certificate);
    for (const Algorithm of algorithms) {
      const {SignatureValue} = await open('kms', 'CertificatePrivateKeySign', {CertificateId, Algorithm, Message, MessageType: 'RAW'});
      const pss = Algorithm.includes('PSS') && {padding: crypto.constants.RSA_PKCS1_PSS_PADDING, saltLength: 32};
      if (KeySpec !== 'EC_SM2') assert.ok(crypto.verify('sha256', message, {key: key.publicKey, ...pss}, Buffer.from(SignatureValue, 'base64')));
      const check = (fields) => ask('CertificatePublicKeyVerify', {CertificateId, Algorithm, Message, SignatureValue, ...fields});
      assert.equal((await check({})).SignatureValid, true);
      assert.equal((await check({Message: base64('something else')})).SignatureValid, false);
      assert.equal((await check({SignatureValue: base64('no signature')})).SignatureValid, false);
      if (KeySpec !== 'EC_SM2') {
        assert.equal((await check({Message: digest, MessageType: 'DIGEST'})).SignatureValid, true);
        const signed = await ask('CertificatePrivateKeySign', {CertificateId, Algorithm, Message: digest, MessageType: 'DIGEST'});
        assert.equal((await check({SignatureValue: signed.SignatureValue})).SignatureValid, true);
      }
      for (const length of [0, 20, 31, 33, 64])
        await assert.rejects(ask('CertificatePrivateKeySign', {CertificateId, Algorithm, Message: Buffer.alloc(length).toString('base64'), MessageType: 'DIGEST'}));
    }
    const others = Object.values(ways).flat().filter((a) => !algorithms.includes(a));
    for (const Algorithm of [...others, 'ED25519_SHA_512', 'ROT13'])
      await refused(ask('CertificatePrivateKeySign', {CertificateId, Algorithm, Message}), 'InvalidParameter', 400);
  }
});

test('encryption of every kind; bad padding, a foreign blob and a cut one fail alike', async () => {
  const ways = {RSA_2048: [['RSAES_OAEP_SHA_256', 190], ['RSAES_OAEP_SHA_1', 214]], EC_SM2: [['SM2PKE', 6047]]};
  for (const [KeySpec, algorithms] of Object.entries(ways)) {
    const CertificateId = await active(KeySpec);
    for (const [Algorithm, most] of algorithms) {
      const Plaintext = crypto.randomBytes(most).toString('base64');
      const {CiphertextBlob} = await ask('CertificatePublicKeyEncrypt', {CertificateId, Algorithm, Plaintext});
      assert.equal((await open('kms', 'CertificatePrivateKeyDecrypt', {}, {body: {CertificateId, Algorithm, CiphertextBlob}})).Plaintext, Plaintext);
      await refused(ask('CertificatePublicKeyEncrypt', {CertificateId, Algorithm, Plaintext: Buffer.alloc(most + 1).toString('base64')}), 'InvalidParameter', 400);
      const blob = Buffer.from(CiphertextBlob, 'base64'), flipped = Buffer.from(blob);
      flipped[blob.length - 1] ^= 1;
      const said = new Set();
      for (const wrong of [flipped, blob.subarray(1), Buffer.concat([blob, Buffer.alloc(1)]), crypto.randomBytes(blob.length), Buffer.from('x')]) {
        const e = await refused(ask('CertificatePrivateKeyDecrypt', {CertificateId, Algorithm, CiphertextBlob: wrong.toString('base64')}), 'InvalidParameter', 400);
        said.add(e.data.Message);
      }
      assert.equal(said.size, 1);
    }
  }
  const signer = await active('EC_P256');
  for (const Algorithm of ['RSAES_OAEP_SHA_256', 'SM2PKE', 'SYMMETRIC_DEFAULT'])
    await refused(ask('CertificatePublicKeyEncrypt', {CertificateId: signer, Algorithm, Plaintext: base64('x')}), 'InvalidParameter', 400);
  // encrypted outside, with what the certificate says
  const CertificateId = await active('RSA_2048');
  const {publicKey} = new crypto.X509Certificate((await ask('GetCertificate', {CertificateId})).Certificate);
  const sealed = crypto.publicEncrypt({key: publicKey, oaepHash: 'sha256'}, Buffer.from('from outside'));
  const opened = await ask('CertificatePrivateKeyDecrypt', {CertificateId, Algorithm: 'RSAES_OAEP_SHA_256', CiphertextBlob: sealed.toString('base64')});
  assert.equal(opened.Plaintext, base64('from outside'));
});

test('what a status allows, and where it may go', async () => {
  const CertificateId = await active('RSA_2048');
  const set = (Status) => ask('UpdateCertificateStatus', {CertificateId, Status});
  const Message = base64('m'), Plaintext = base64('p');
  const signing = {CertificateId, Algorithm: 'RSA_PSS_SHA_256', Message}, sealing = {CertificateId, Algorithm: 'RSAES_OAEP_SHA_256'};
  const {SignatureValue} = await ask('CertificatePrivateKeySign', signing);
  const {CiphertextBlob} = await ask('CertificatePublicKeyEncrypt', {...sealing, Plaintext});
  const protect = () => [ask('CertificatePrivateKeySign', signing), ask('CertificatePublicKeyEncrypt', {...sealing, Plaintext})];
  const recover = () => [ask('CertificatePublicKeyVerify', {...signing, SignatureValue}), ask('CertificatePrivateKeyDecrypt', {...sealing, CiphertextBlob})];
  await set('INACTIVE');
  await refused([...protect(), ...recover()], 'Rejected.Disabled', 409);
  await set('ACTIVE');
  await Promise.all([...protect(), ...recover()]);
  await refused([set('PENDING'), set('GONE')], 'InvalidParameter', 400);
  await set('REVOKED');
  await refused(protect(), 'Rejected.Disabled', 409);
  assert.deepEqual((await Promise.all(recover())).map((a) => a.SignatureValid || a.Plaintext), [true, Plaintext]);
  await refused([set('ACTIVE'), set('INACTIVE')], 'Rejected.StateModifiedFailed', 409);
  await refused(ask('UploadCertificate', {CertificateId, Certificate: read('root.pem')}), 'Rejected.StateModifiedFailed', 409);
});

test('a certificate that has expired protects nothing more, but opens what it protected', async () => {
  const {CertificateId, Csr} = await create('RSA_2048');
  const end = new Date(Date.now() + 6000), day = (d) => d.toISOString().replace(/[-:T]|\.\d+Z/g, '') + 'Z';
  fs.writeFileSync(file('this.csr'), Csr);
  fs.writeFileSync(file('index.txt'), '');
  fs.writeFileSync(file('ca.cnf'), '[ca]\ndefault_ca=d\n[d]\ndatabase=index.txt\nnew_certs_dir=.\nrand_serial=yes\npolicy=p\ndefault_md=sha256\n[p]\ncommonName=supplied\n');
  openssl('ca', '-batch', '-config', 'ca.cnf', '-in', 'this.csr', '-cert', 'middle.pem', '-keyfile', 'middle.key', '-startdate', day(new Date(Date.now() - 60000)), '-enddate', day(end), '-out', 'short.pem', '-notext');
  await ask('UploadCertificate', {CertificateId, Certificate: read('short.pem')});
  const sealing = {CertificateId, Algorithm: 'RSAES_OAEP_SHA_256'};
  const {CiphertextBlob} = await ask('CertificatePublicKeyEncrypt', {...sealing, Plaintext: base64('p')});
  await new Promise((resolve) => setTimeout(resolve, end.getTime() - Date.now() + 1500)); // until its own end, which no clock can be set past
  await refused(ask('CertificatePublicKeyEncrypt', {...sealing, Plaintext: base64('p')}), 'Rejected.Disabled', 409);
  assert.equal((await ask('CertificatePrivateKeyDecrypt', {...sealing, CiphertextBlob})).Plaintext, base64('p'));
  assert.equal((await ask('DescribeCertificate', {CertificateId})).Status, 'ACTIVE');
});

test('tags, listing, deletion', async () => {
  const CertificateId = await active('EC_P256');
  await ask('TagResource', {CertificateId, Tags: JSON.stringify([{TagKey: 'team', TagValue: 'a'}, {TagKey: 'stage', TagValue: ''}])});
  await ask('TagResource', {CertificateId, Tags: '[{"TagKey":"team","TagValue":"b"}]'});
  const tags = async () => JSON.parse(JSON.stringify((await ask('DescribeCertificate', {CertificateId})).Tags.Tag));
  assert.deepEqual(await tags(), [{TagKey: 'team', TagValue: 'b'}, {TagKey: 'stage', TagValue: ''}]);
  await ask('UntagResource', {CertificateId, TagKeys: '["stage","none"]'});
  assert.deepEqual(await tags(), [{TagKey: 'team', TagValue: 'b'}]);
  await refused(ask('TagResource', {CertificateId, Tags: '[{"TagKey":"acs:x","TagValue":""}]'}), 'InvalidParameter');
  await refused(ask('TagResource', {CertificateId, KeyId: NOBODY, Tags: '[{"TagKey":"x","TagValue":""}]'}), 'InvalidParameter');
  const many = Array.from({length: 20}, (_, i) => ({TagKey: `k${i}`, TagValue: ''}));
  await refused(ask('TagResource', {CertificateId, Tags: JSON.stringify(many)}), 'Rejected.LimitExceeded');
  const listed = await open('keyhold', 'ListCertificates', {Status: 'ACTIVE', PageSize: 100});
  const mine = listed.Certificates.find((c) => c.CertificateId === CertificateId);
  assert.equal(mine.Subject, SUBJECT);
  assert.ok(listed.Certificates.every((c) => c.Status === 'ACTIVE'));
  await ask('DeleteCertificate', {CertificateId});
  for (const action of ['DeleteCertificate', 'GetCertificate', 'DescribeCertificate'])
    await refused(ask(action, {CertificateId}), 'Certificate.NotFound', 404);
  await refused(ask('CertificatePrivateKeySign', {CertificateId, Algorithm: 'ECDSA_SHA_256', Message: base64('x')}), 'Certificate.NotFound', 404);
});

test('who may: by the certificate, by its tags; nobody learns what is there', async () => {
  const mine = await active('EC_P256'), other = await active('EC_P256');
  await ask('TagResource', {CertificateId: mine, Tags: '[{"TagKey":"team","TagValue":"a"}]'});
  const arn = (await ask('DescribeCertificate', {CertificateId: mine})).Arn;
  const signer = await newUser(server, 'signer', [allow('kms:CertificatePrivateKeySign', arn)]);
  const tagged = await newUser(server, 'tagged', [allow('kms:*', '*', {StringEquals: {'kms:tag/team': ['a']}})]);
  const maker = await newUser(server, 'maker', [allow('kms:CreateCertificate', `acs:kms:*:${server.accountId}:certificate`)]);
  const by = (who) => (action, fields) => clients.pop(server, clients.VERSIONS.kms, who).request(action, fields, {method: 'POST'});
  const sign = (CertificateId) => ['CertificatePrivateKeySign', {CertificateId, Algorithm: 'ECDSA_SHA_256', Message: base64('m')}];
  await by(signer)(...sign(mine));
  await by(tagged)(...sign(mine));
  await refused([by(signer)(...sign(other)), by(signer)(...sign(NOBODY)), by(tagged)(...sign(other)), by(maker)(...sign(mine))], 'Forbidden.NoPermission', 403);
  await refused(by(signer)('DescribeCertificate', {CertificateId: mine}), 'Forbidden.NoPermission');
  assert.ok((await by(maker)('CreateCertificate', {KeySpec: 'EC_P256', Subject: 'CN=x'})).CertificateId);
  await refused(by(signer)('CreateCertificate', {KeySpec: 'EC_P256', Subject: 'CN=x'}), 'Forbidden.NoPermission');
  for (const CertificateId of ['x', `acs:kms:nowhere:${server.accountId}:certificate/${mine}`, arn.replace(server.accountId, '1000000000000009'), arn.replace('certificate', 'key')])
    await refused(ask('DescribeCertificate', {CertificateId}), 'Certificate.NotFound', 404);
});

test('every use is in the trail, its message is not', async () => {
  const CertificateId = await active('EC_P256');
  const {RequestId} = await ask('CertificatePrivateKeySign', {CertificateId, Algorithm: 'ECDSA_SHA_256', Message: base64('the message')});
  const [found] = await events(server, {EventName: 'CertificatePrivateKeySign'}).then((all) => all.filter((e) => e.requestId === RequestId));
  assert.deepEqual([found.resourceType, found.resourceName], ['ACS::KMS::Certificate', CertificateId]);
  assert.equal(found.requestParameters.Message, '***');
  assert.ok(!server.log.join('').includes('alarm'));
  const uses = (await open('keyhold', 'GetCertificateUsage', {CertificateId, Period: 'All'})).Uses.map((u) => [u.Operation, u.Act, u.Count]);
  assert.deepEqual(uses.sort(), [['CertificatePrivateKeySign', 'Sign', 1], ['CreateCertificate', 'NewCertificate', 1]]);
  await refused(open('keyhold', 'GetCertificateUsage', {CertificateId: NOBODY}), 'Certificate.NotFound', 404);
});
