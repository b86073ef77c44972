// @alicloud/openapi-client 0.4.15: any operation, V3 (and V1 as "v2"), query and form bodies, GET and POST. Here also the trail.
'use strict';
const assert = require('node:assert/strict');
const {spawnSync} = require('node:child_process');
const {test, before, after} = require('node:test');
const clients = require('./clients');
const {newUser, allow, deny, refused, base64} = require('./help');
const {start} = require('./server');

let server, call;

before(async () => {
  server = await start();
  call = clients.open(server);
});
after(() => server.stop());

const newKey = async () => (await call('kms', 'CreateKey')).KeyMetadata.KeyId;

test('parameters in the query, in a chunked form, in both; GET and POST', async () => {
  const KeyId = await newKey();
  const Plaintext = base64('open + api');
  const ways = [
    [{KeyId, Plaintext}, {}], [{KeyId, Plaintext}, {method: 'GET'}], [{}, {body: {KeyId, Plaintext}}], [{KeyId}, {body: {Plaintext}}],
  ];
  for (const [query, how] of ways) {
    const {CiphertextBlob} = await call('kms', 'Encrypt', query, how);
    assert.equal((await call('kms', 'Decrypt', {}, {body: {CiphertextBlob}})).Plaintext, Plaintext);
  }
});

test('signature version "v2" of this client', async () => {
  const old = clients.open(server, server.owner, {signatureAlgorithm: 'v2'});
  assert.equal((await old('sts', 'GetCallerIdentity')).AccountId, server.accountId);
});

test('unusual bytes in every place', async () => {
  const DisplayName = 'A b*c~d/é!\'()&=%+;\u{1F511}"<>';
  for (const [i, how] of [[{DisplayName}, {}], [{}, {body: {DisplayName}}]].entries()) {
    const UserName = `bytes-${i}`;
    const [query, more] = how;
    await call('ram', 'CreateUser', {UserName, ...query}, more);
    assert.equal((await call('ram', 'GetUser', {UserName})).User.DisplayName, DisplayName);
  }
});

test('errors have code, status and request id', async () => {
  const error = await refused(call('kms', 'DescribeKey', {KeyId: 'alias/none'}), 'Forbidden.AliasNotFound', 404);
  assert.match(error.message, /request id: [0-9A-F-]{36}/);
  await refused(call('kms', 'MakeCoffee'), 'InvalidAction.NotFound', 404);
  await refused(clients.open(server, {...server.owner, secret: 'wrong'})('kms', 'ListKeys'), 'SignatureDoesNotMatch', 400);
  await refused(clients.open(server, {id: 'LTAInobody', secret: 'x'})('kms', 'ListKeys'), 'SignatureDoesNotMatch', 400);
  await assert.rejects(call('kms', 'ListKeys', {}, {authType: 'Anonymous'}));
});

test('a denied user', async () => {
  const user = clients.open(server, await newUser(server, 'open-user', [allow('kms:*'), deny('kms:CreateKey')]));
  await user('kms', 'ListKeys');
  await refused(user('kms', 'CreateKey'), 'Forbidden.NoPermission', 403);
  await refused(user('ram', 'ListUsers'), 'NoPermission', 403);
  await refused(user('actiontrail', 'LookupEvents'), 'NoPermission', 403);
  await refused(user('keyhold', 'GetCheckpoint'), 'NoPermission', 403);
});

test('TLS with the server\'s own certificate authority', async () => {
  const script = `
    const clients = require(${JSON.stringify(require.resolve('./clients'))});
    const server = ${JSON.stringify({...server, log: undefined, host: new URL(server.https).host.replace('127.0.0.1', 'localhost')})};
    clients.open(server, server.owner, {protocol: 'https'})('sts', 'GetCallerIdentity')
      .then((answer) => console.log(answer.AccountId), (error) => { console.log(error.message); process.exit(1); });`;
  const run = (ca) => spawnSync(process.execPath, ['-e', script], {encoding: 'utf8', env: {...process.env, NODE_EXTRA_CA_CERTS: ca}});
  const fs = require('node:fs'), os = require('node:os'), path = require('node:path');
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'keyhold-ca-'));
  const file = server.ca.includes('BEGIN CERTIFICATE') ? path.join(folder, 'ca.pem') : server.ca;
  if (file !== server.ca) fs.writeFileSync(file, server.ca);
  try {
    const trusted = run(file);
    assert.equal(trusted.stdout.trim(), server.accountId, trusted.stderr);
    const untrusted = run('');
    assert.equal(untrusted.status, 1);
    assert.match(untrusted.stdout, /certificate/);
  } finally {
    fs.rmSync(folder, {recursive: true});
  }
});

// ---- the trail

const lookup = (query) => call('actiontrail', 'LookupEvents', query);

test('every call is in the trail: success, refusal, wrong signature', async () => {
  const KeyId = await newKey();
  const {RequestId} = await call('kms', 'Encrypt', {KeyId, Plaintext: base64('x')});
  await assert.rejects(call('kms', 'Encrypt', {KeyId: 'no-such-key', Plaintext: base64('x')}));
  const who = await newUser(server, 'traced');
  await assert.rejects(clients.open(server, who)('kms', 'Encrypt', {KeyId, Plaintext: base64('x')}));
  await assert.rejects(clients.open(server, {...who, secret: 'wrong'})('kms', 'DescribeKey', {KeyId}));
  const {Events: uses} = await lookup({'LookupAttribute.1.Key': 'ResourceName', 'LookupAttribute.1.Value': KeyId, MaxResults: '50'});
  const use = uses.find((e) => e.requestId === RequestId);
  assert.equal(use.eventName, 'Encrypt');
  assert.equal(use.serviceName, 'Kms');
  assert.equal(use.apiVersion, '2016-01-20');
  assert.equal(use.sourceIpAddress, '127.0.0.1');
  assert.equal(use.userIdentity.type, 'root-account');
  assert.equal(use.userIdentity.accessKeyId, server.owner.id);
  assert.deepEqual(use.referencedResources['ACS::KMS::Key'], [KeyId]);
  assert.equal(use.keyUse.length, 1);
  assert.equal(use.keyUse[0].keyId, KeyId);
  const {Events: refusals} = await lookup({'LookupAttribute.1.Key': 'EventAccessKeyId', 'LookupAttribute.1.Value': who.id, MaxResults: '50'});
  assert.deepEqual(refusals.map((e) => [e.eventName, e.errorCode]).sort(), [['DescribeKey', 'SignatureDoesNotMatch'], ['Encrypt', 'NoPermission']]);
  assert.ok(refusals.every((e) => e.keyUse === undefined || e.keyUse.length === 0));
});

test('LookupEvents: directions, pages, times', async () => {
  for (let i = 0; i < 5; i++) await newKey();
  const from = new Date(Date.now() - 3600e3).toISOString().replace(/\.\d+Z/, 'Z'), to = new Date(Date.now() + 5e3).toISOString().replace(/\.\d+Z/, 'Z');
  const all = async (direction) => {
    const found = [];
    let token;
    do {
      const page = await lookup({StartTime: from, EndTime: to, Direction: direction, MaxResults: '2', NextToken: token,
        'LookupAttribute.1.Key': 'EventName', 'LookupAttribute.1.Value': 'CreateKey'});
      assert.ok(page.Events.length <= 2);
      found.push(...page.Events.map((e) => e.eventId));
      token = page.NextToken;
    } while (token);
    return found;
  };
  const backward = await all('BACKWARD'), forward = await all('FORWARD');
  assert.ok(forward.length >= 5);
  assert.deepEqual(backward, [...forward].reverse());
  const old = await lookup({StartTime: '2001-01-01T00:00:00Z', EndTime: '2001-01-02T00:00:00Z'});
  assert.deepEqual(old.Events, []);
  const both = await lookup({'LookupAttribute.1.Key': 'EventName', 'LookupAttribute.1.Value': 'CreateKey',
    'LookupAttribute.2.Key': 'ServiceName', 'LookupAttribute.2.Value': 'Ram'});
  assert.deepEqual(both.Events, []);
  for (const wrong of [{MaxResults: '51'}, {MaxResults: '0'}, {Direction: 'SIDEWAYS'}, {NextToken: 'x'}, {StartTime: 'yesterday'},
    {'LookupAttribute.1.Key': 'Colour', 'LookupAttribute.1.Value': 'red'}])
    await refused(lookup(wrong), 'InvalidParameter', 400);
});

test('proofs and checkpoints', async () => {
  await newKey();
  const {Events: [event]} = await lookup({'LookupAttribute.1.Key': 'EventName', 'LookupAttribute.1.Value': 'CreateKey', MaxResults: '1'});
  const proof = await call('keyhold', 'GetEventProof', {EventId: event.eventId});
  assert.equal(JSON.parse(proof.Entry).eventId, event.eventId);
  assert.match(proof.Proof, /^c2sp\.org\/tlog-proof@v1\n/);
  const first = await call('keyhold', 'GetCheckpoint');
  const size = Number(first.Checkpoint.split('\n')[1]);
  assert.ok(size > proof.Index);
  assert.match(first.Checkpoint, /\n\n— /);
  await newKey();
  const second = await call('keyhold', 'GetCheckpoint', {FromSize: String(size)});
  assert.ok(Number(second.Checkpoint.split('\n')[1]) > size);
  assert.ok(second.Consistency.length > 0);
  assert.equal(second.VerifierKey, first.VerifierKey);
  await refused(call('keyhold', 'GetEventProof', {EventId: 'none'}), 'EntityNotExist.Event', 404);
});

test('the trail of one account only', async () => {
  const {Events} = await lookup({MaxResults: '50'});
  assert.ok(Events.every((e) => e.recipientAccountId === server.accountId));
});
