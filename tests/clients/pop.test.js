// @alicloud/pop-core 1.8.0: V1, by GET with everything in the query and by POST with everything in the form. It ignores the
// HTTP status, so that the code in the body is all it goes by.
'use strict';
const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const {test, before, after} = require('node:test');
const clients = require('./clients');
const {newUser, allow, refused, base64, raw, signV1, events} = require('./help');
const {start} = require('./server');

let server, kms;
const ask = (action, fields = {}, method = 'POST') => kms.request(action, fields, {method, timeout: 20000});

before(async () => {
  server = await start();
  kms = clients.pop(server, clients.VERSIONS.kms);
});
after(() => server.stop());

const newKey = async (fields) => (await ask('CreateKey', fields)).KeyMetadata.KeyId;

for (const method of ['GET', 'POST']) {
  test(`the life of a key by ${method}`, async () => {
    const Description = 'a b*c~d/é!\'()&=%+';
    const made = await ask('CreateKey', {Description}, method);
    assert.ok(!('Code' in made));
    const {KeyId} = made.KeyMetadata;
    assert.equal((await ask('DescribeKey', {KeyId}, method)).KeyMetadata.Description, Description);
    const sealed = await ask('Encrypt', {KeyId, Plaintext: base64('pop')}, method);
    assert.equal((await ask('Decrypt', {CiphertextBlob: sealed.CiphertextBlob}, method)).Plaintext, base64('pop'));
    await ask('DisableKey', {KeyId}, method);
    await refused(ask('Encrypt', {KeyId, Plaintext: base64('pop')}, method), 'Rejected.Disabled');
    await refused(ask('DescribeKey', {KeyId: crypto.randomUUID()}, method), 'Forbidden.KeyNotFound');
  });
}

test('what the KMS package has no method for', async () => {
  const KeyId = await newKey({});
  const arn = (await ask('DescribeKey', {KeyId})).KeyMetadata.Arn;
  await ask('SetDeletionProtection', {ProtectedResourceArn: arn, EnableDeletionProtection: 'true', DeletionProtectionDescription: 'needed'});
  assert.equal((await ask('DescribeKey', {KeyId})).KeyMetadata.DeletionProtection, 'Enabled');
  await refused(ask('ScheduleKeyDeletion', {KeyId, PendingWindowInDays: 7}), 'Rejected.UnsupportedOperation');
  await ask('SetDeletionProtection', {ProtectedResourceArn: arn, EnableDeletionProtection: 'false'});
  await ask('ScheduleKeyDeletion', {KeyId, PendingWindowInDays: 366});
  await refused(ask('ConnectKmsInstance', {KmsInstanceId: 'x'}), 'InvalidAction.NotFound');
});

test('what belongs to dedicated instances is refused, not passed over', async () => {
  await refused(ask('CreateKey', {KeyStorageMechanism: 'EBS'}), 'InvalidParameter', 400);
  const KeyId = await newKey({});
  await refused(ask('SetDeletionProtection', {KeyId, EnableDeletionProtection: 'true', KmsInstanceId: 'kst-x'}), 'InvalidParameter', 400);
});

test('ListKeys with filters', async () => {
  const disabled = await newKey({});
  await ask('DisableKey', {KeyId: disabled});
  const own = await newKey({Origin: 'EXTERNAL'});
  const list = async (filters) => (await ask('ListKeys', {PageSize: 100, Filters: JSON.stringify(filters)})).Keys.Key.map((k) => k.KeyId);
  const off = await list([{Key: 'KeyState', Values: ['Disabled']}]);
  assert.ok(off.includes(disabled) && !off.includes(own));
  const either = await list([{Key: 'KeyState', Values: ['Disabled', 'PendingImport']}]);
  assert.ok(either.includes(disabled) && either.includes(own));
  assert.deepEqual(await list([{Key: 'KeyState', Values: ['Disabled']}, {Key: 'KeyState', Values: ['Enabled']}]), []);
  for (const wrong of ['{', '[{"Key":"Colour","Values":["red"]}]', '[{"Key":"KeyState"}]'])
    await refused(ask('ListKeys', {Filters: wrong}), 'InvalidParameter');
});

test('one encryption context, as a map and as JSON, is the same through every client', async () => {
  const keyId = await newKey({});
  const context = {Dept: 'fin ance', 'a.b': 'é&=', empty: ''};
  const reordered = '{ "empty":"", "a.b":"\\u00e9&=",\n"Dept":"fin ance" }';
  const modern = clients.kms(server), generic = clients.open(server);
  const made = [
    (await ask('Encrypt', {KeyId: keyId, Plaintext: base64('same'), EncryptionContext: JSON.stringify(context)})).CiphertextBlob,
    (await ask('Encrypt', {KeyId: keyId, Plaintext: base64('same'), EncryptionContext: JSON.stringify(context)}, 'GET')).CiphertextBlob,
    (await modern.encrypt({keyId, plaintext: base64('same'), encryptionContext: context})).ciphertextBlob,
    (await generic('kms', 'Encrypt', {KeyId: keyId, Plaintext: base64('same'), EncryptionContext: JSON.stringify(context)})).CiphertextBlob,
    (await generic('kms', 'Encrypt', {}, {body: {KeyId: keyId, Plaintext: base64('same'), EncryptionContext: reordered}})).CiphertextBlob,
  ];
  for (const CiphertextBlob of made) {
    const opened = [
      (await ask('Decrypt', {CiphertextBlob, EncryptionContext: reordered})).Plaintext,
      (await modern.decrypt({ciphertextBlob: CiphertextBlob, encryptionContext: context})).plaintext,
      (await generic('kms', 'Decrypt', {CiphertextBlob, EncryptionContext: reordered})).Plaintext,
    ];
    assert.deepEqual(opened, Array(3).fill(base64('same')));
    await refused(ask('Decrypt', {CiphertextBlob, EncryptionContext: JSON.stringify({...context, Dept: 'x'})}), 'InvalidParameter');
  }
  const wrongs = ['{"a":1}', '{"a":null}', '[]', '{"a":"1","a":"2"}', '{', '"x"', '{"a":{"b":"c"}}', '{"":"x"}'];
  for (const EncryptionContext of wrongs)
    await refused(ask('Encrypt', {KeyId: keyId, Plaintext: base64('x'), EncryptionContext}), 'InvalidParameter');
  const long = JSON.stringify({a: 'x'.repeat(8193)});
  await refused(ask('Encrypt', {KeyId: keyId, Plaintext: base64('x'), EncryptionContext: long}), 'InvalidParameter');
});

test('a denied user, a wrong secret, an unknown access key', async () => {
  const KeyId = await newKey({});
  const who = await newUser(server, 'pop-user', [allow('kms:Encrypt')]);
  const user = clients.pop(server, clients.VERSIONS.kms, who);
  for (const method of ['GET', 'POST']) {
    const {CiphertextBlob} = await user.request('Encrypt', {KeyId, Plaintext: base64('x')}, {method});
    await refused(user.request('Decrypt', {CiphertextBlob}, {method}), 'Forbidden.NoPermission');
    const thief = clients.pop(server, clients.VERSIONS.kms, {...server.owner, secret: 'wrong'});
    const error = await thief.request('ListKeys', {}, {method}).then(() => assert.fail('not refused'), (e) => e);
    assert.equal(error.code, 'SignatureDoesNotMatch');
    assert.match(error.data.Message, /^Specified signature is not matched with our calculation\. server string to sign is:/);
    await refused(clients.pop(server, clients.VERSIONS.kms, {id: 'LTAInobody', secret: 'x'}).request('ListKeys', {}, {method}), 'SignatureDoesNotMatch');
  }
});

test('a wrong version, a wrong action', async () => {
  await refused(clients.pop(server, '2001-01-01').request('ListKeys', {}), 'NoSuchVersion');
  await refused(ask('MakeCoffee'), 'InvalidAction.NotFound');
});

test('RAM, STS and the trail through the same client', async () => {
  const ram = clients.pop(server, clients.VERSIONS.ram);
  await ram.request('CreateUser', {UserName: 'by-pop', DisplayName: 'P*p'}, {method: 'POST'});
  assert.equal((await ram.request('GetUser', {UserName: 'by-pop'})).User.DisplayName, 'P*p');
  const sts = clients.pop(server, clients.VERSIONS.sts);
  assert.equal((await sts.request('GetCallerIdentity')).AccountId, server.accountId);
  const trail = clients.pop(server, clients.VERSIONS.actiontrail);
  const found = await trail.request('LookupEvents', {MaxResults: 1, LookupAttribute: [{Key: 'EventName', Value: 'CreateUser'}]});
  assert.equal(found.Events[0].requestParameters.UserName, 'by-pop');
});

test('a form with a parameter twice, or in query and form, is refused', async () => {
  const signed = signV1(server.owner, clients.VERSIONS.kms, 'CreateKey', {Description: 'one'});
  const headers = {'content-type': 'application/x-www-form-urlencoded'};
  for (const [path, body] of [['/', signed + '&Description=two'], ['/?Description=two', signed]]) {
    const answer = await raw(server, {path, headers, body});
    assert.equal(answer.status, 400);
    assert.match(answer.json().Code, /^(InvalidParameter|SignatureDoesNotMatch)$/);
  }
  assert.equal((await events(server, {EventName: 'CreateKey'})).filter((e) => !e.errorCode && (e.requestParameters || {}).Description === 'two').length, 0);
});

test('bodies that are not forms do no harm', async () => {
  for (const [type, body] of [['application/json', '{}'], ['application/x-www-form-urlencoded', '%'], ['application/x-www-form-urlencoded', 'a=%zz'],
    ['application/x-www-form-urlencoded', Buffer.alloc(1 << 20, 'a')], ['multipart/form-data; boundary=x', '--x--']]) {
    const answer = await raw(server, {headers: {'content-type': type, 'x-acs-action': 'ListKeys', 'x-acs-version': clients.VERSIONS.kms}, body});
    assert.ok(answer.status >= 400 && answer.status < 500, `${type}: ${answer.status}`);
    assert.ok(answer.json().Code, answer.body.toString());
  }
});
