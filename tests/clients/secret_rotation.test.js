// Secrets that rotate by themselves, on a server that lets them do so every second.
'use strict';
const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const {test, before, after} = require('node:test');
const clients = require('./clients');
const {refused, until, events} = require('./help');
const {start} = require('./server');

let server, kms, pop;
const ask = (action, fields) => pop.request(action, fields, {method: 'POST', timeout: 20000});

before(async () => {
  server = await start(['--kms-rotation-least-s', '1']);
  kms = clients.kms(server);
  pop = clients.pop(server, clients.VERSIONS.kms);
});
after(() => server.stop());

async function newSecret(fields = {}) {
  const SecretName = `rotating/${crypto.randomUUID()}`;
  await kms.createSecret({secretName: SecretName, versionId: 'v1', secretData: 'first value', ...fields});
  return SecretName;
}
const get = async (secretName, more = {}) => (await kms.getSecretValue({secretName, ...more})).secretData;
const policy = (SecretName, more) => ask('UpdateSecretRotationPolicy', {SecretName, EnableAutomaticRotation: 'true', RotationInterval: '1s', ...more});

test('the policy is told as it was set', async () => {
  const SecretName = await newSecret();
  await policy(SecretName, {RotationInterval: '7d'});
  const on = await ask('DescribeSecret', {SecretName});
  assert.equal(on.AutomaticRotation, 'Enabled');
  assert.equal(on.RotationInterval, '604800s');
  assert.ok(Math.abs(Date.parse(on.NextRotationDate) - Date.now() - 604800e3) < 60e3);
  await policy(SecretName, {EnableAutomaticRotation: 'false', RotationInterval: ''});
  const off = await ask('DescribeSecret', {SecretName});
  assert.equal(off.AutomaticRotation, 'Disabled');
  assert.equal(off.NextRotationDate, undefined);
  await refused(policy(SecretName, {RotationInterval: ''}), 'MissingParameter');
  for (const RotationInterval of ['0s', '8761h', 'soon', '-1d'])
    await refused(policy(SecretName, {RotationInterval}), 'InvalidParameter');
});

test('with AtOnce new values count one after the other, by the rule; the trail says who made them', async () => {
  const SecretName = await newSecret();
  await policy(SecretName, {Activation: 'AtOnce', PasswordLength: '18', ExcludePunctuation: 'true'});
  const first = await until(async () => { const v = await get(SecretName); return v !== 'first value' && v; }, 'a rotation');
  assert.match(first, /^[A-Za-z0-9]{18}$/);
  await until(async () => await get(SecretName) !== first, 'another rotation');
  const made = (await events(server, {ResourceName: SecretName, EventName: 'RotateSecret'}));
  assert.ok(made.length >= 2);
  assert.equal(made[0].userIdentity.type, 'system');
  assert.ok(!JSON.stringify(made).includes(first));
  await policy(SecretName, {EnableAutomaticRotation: 'false'});
  const last = await get(SecretName);
  await new Promise((resolve) => setTimeout(resolve, 2500)); // longer than two intervals: nothing may happen
  assert.equal(await get(SecretName), last);
});

test('a new value waits for its confirmation, and the next one for that', async () => {
  const SecretName = await newSecret();
  await policy(SecretName, {});
  const pending = await until(async () => get(SecretName, {versionStage: 'ACSPending'}).catch(() => null), 'a rotation');
  assert.equal(await get(SecretName), 'first value');
  await new Promise((resolve) => setTimeout(resolve, 2500)); // longer than two intervals
  assert.equal(await get(SecretName, {versionStage: 'ACSPending'}), pending);
  const {SecretList} = await ask('ListSecrets', {Filters: JSON.stringify([{Key: 'SecretName', Values: [SecretName]}])});
  await kms.updateSecretVersionStage({secretName: SecretName, versionStage: 'ACSCurrent', moveToVersion: SecretList.Secret[0].PendingVersionId});
  assert.equal(await get(SecretName), pending);
});

test('nothing rotates while the key is disabled or the secret waits for its deletion', async () => {
  const keyId = (await kms.createKey({})).keyMetadata.keyId;
  const [barred, deleted] = [await newSecret({encryptionKeyId: keyId}), await newSecret()];
  await kms.disableKey({keyId});
  await policy(barred, {Activation: 'AtOnce'});
  await policy(deleted, {Activation: 'AtOnce'});
  await kms.deleteSecret({secretName: deleted, recoveryWindowInDays: '7'});
  const stood = (await kms.listSecretVersionIds({secretName: deleted, includeDeprecated: 'true'})).totalCount;
  await new Promise((resolve) => setTimeout(resolve, 2500)); // longer than two intervals
  assert.equal((await kms.listSecretVersionIds({secretName: deleted, includeDeprecated: 'true'})).totalCount, stood);
  assert.equal((await kms.listSecretVersionIds({secretName: barred, includeDeprecated: 'true'})).totalCount, 1);
  assert.equal((await events(server, {ResourceName: barred, EventName: 'RotateSecret'})).length, 0);
  await kms.enableKey({keyId});
  assert.equal(await get(barred), 'first value');
});
