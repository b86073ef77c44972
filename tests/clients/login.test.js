// People: passwords, one-time codes, logins. @alicloud/ram20150501, and the product Keyhold by the generic client.
'use strict';
const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const {execFileSync} = require('node:child_process');
const {test, before, after} = require('node:test');
const clients = require('./clients');
const {newUser, allow, deny, refused, raw, events, until} = require('./help');
const {start} = require('./server');

let server, ram;

before(async () => {
  server = await start();
  ram = clients.ram(server);
});
after(() => server.stop());

// RFC 6238: an independent reading of it.
function codeAt(base32, step) {
  let bits = '';
  for (const c of base32) bits += 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(c).toString(2).padStart(5, '0');
  const seed = Buffer.from(bits.match(/.{8}/g).map((b) => parseInt(b, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const mac = crypto.createHmac('sha1', seed).update(counter).digest();
  const at = mac[19] & 15;
  return String((mac.readUInt32BE(at) & 0x7fffffff) % 1000000).padStart(6, '0');
}
const stepNow = () => Math.floor(Date.now() / 30000);

// Waits until a step is young enough that what follows happens within it.
const freshStep = () => until(() => Date.now() % 30000 < 26000, 'a fresh step', 15000);

async function bindDevice(userName, who) {
  const self = clients.ram(server, who);
  const {virtualMFADevice: d} = (await self.createVirtualMFADevice({virtualMFADeviceName: userName})).body;
  await freshStep();
  const now = stepNow();
  await self.bindMFADevice({userName, serialNumber: d.serialNumber, authenticationCode1: codeAt(d.base32StringSeed, now - 2),
    authenticationCode2: codeAt(d.base32StringSeed, now - 1)});
  return d;
}

async function login(fields, localAddress = '127.0.0.1') {
  const body = new URLSearchParams({Action: 'Login', Version: '2026-01-01', Format: 'JSON', Account: server.accountId, ...fields}).toString();
  const answer = await raw(server, {headers: {'content-type': 'application/x-www-form-urlencoded'}, body, localAddress});
  const told = answer.json();
  if (answer.status !== 200) throw Object.assign(new Error(told.Message), {code: told.Code, status: answer.status});
  const c = told.Credentials;
  return {id: c.AccessKeyId, secret: c.AccessKeySecret, token: c.SecurityToken, expires: c.Expiration, told};
}

const person = async (userName, statements, more = {}) => {
  const who = await newUser(server, userName, statements);
  await ram.createLoginProfile({userName, password: `Password of ${userName}`, ...more});
  return who;
};

test('a password gives a session with the user\'s permissions', async () => {
  await person('alice', [allow('kms:ListKeys')]);
  await refused(ram.createLoginProfile({userName: 'alice', password: 'another one'}), 'EntityAlreadyExists.User.LoginProfile', 409);
  const seen = (await ram.getLoginProfile({userName: 'alice'})).body.loginProfile;
  assert.equal(seen.userName, 'alice');
  assert.equal(seen.passwordResetRequired, false);
  assert.ok(!JSON.stringify(seen).includes('Password of'));
  const session = await login({UserName: 'alice', Password: 'Password of alice', DurationSeconds: '900'});
  const left_s = (Date.parse(session.expires) - Date.now()) / 1000;
  assert.ok(left_s > 800 && left_s <= 901, session.expires);
  await clients.kms(server, session).listKeys({});
  await refused(clients.kms(server, session).createKey({}), 'Forbidden.NoPermission', 403);
  assert.equal((await clients.sts(server, session).getCallerIdentity()).body.arn, `acs:ram::${server.accountId}:user/alice`);
  assert.match((await ram.getUser({userName: 'alice'})).body.user.lastLoginDate, /^\d{4}-/);
  const found = await until(async () => {
    const all = await events(server, {EventName: 'Login'});
    return all.length && all;
  }, 'the event');
  assert.equal(found[0].userIdentity.userName, 'alice');
  assert.ok(!JSON.stringify(found).includes('Password of'), 'no password in the trail');
  await ram.deleteLoginProfile({userName: 'alice'});
  await refused(login({UserName: 'alice', Password: 'Password of alice'}), 'LoginFailed', 403);
  await refused(ram.getLoginProfile({userName: 'alice'}), 'EntityNotExist.User.LoginProfile', 404);
});

test('failures are alike for who is there and who is not, recorded, and slow', async () => {
  await person('bob', []);
  await ram.createUser({userName: 'without'});
  const answers = [];
  for (const fields of [{UserName: 'bob', Password: 'wrong'}, {UserName: 'nobody', Password: 'wrong'}, {UserName: 'without', Password: 'wrong'}]) {
    const error = await login(fields).then(() => assert.fail('let in'), (e) => e);
    answers.push([error.code, error.status, error.message]);
  }
  assert.deepEqual(answers[0], answers[1]);
  assert.deepEqual(answers[0], answers[2]);
  await refused(login({Account: '1999999999999999', UserName: 'bob', Password: 'wrong'}), 'LoginFailed', 403);
  for (const UserName of ['bob', 'nobody']) {
    let slowed;
    for (let i = 0; i < 7 && !slowed; i++) slowed = await login({UserName, Password: `guess ${i}`}, '127.0.0.2').then(() => assert.fail('let in'), (e) => e.code === 'LoginSlowed' && e);
    assert.ok(slowed, UserName);
    assert.equal(slowed.status, 429);
  }
  let tries = 0; // at others' names, from one address
  for (let slowed = false; !slowed; tries++) {
    assert.ok(tries < 30);
    slowed = await login({UserName: `name-${tries}`, Password: 'wrong'}, '127.0.0.3').then(() => assert.fail('let in'), (e) => e.code === 'LoginSlowed');
  }
  assert.ok(tries > 20, String(tries));
  await refused(login({UserName: 'name-100', Password: 'wrong'}, '127.0.0.4'), 'LoginFailed', 403);
  const event = await until(async () => (await events(server, {EventName: 'Login'})).find((e) => e.errorCode === 'LoginFailed'), 'the event');
  assert.equal(event.userIdentity.type, 'unknown');
});

test('passwords are what the account asks for', async () => {
  const {passwordPolicy: usual} = (await ram.getPasswordPolicy()).body;
  assert.equal(usual.minimumPasswordLength, 8);
  await refused(ram.setPasswordPolicy({minimumPasswordLength: 7}), 'InvalidParameter.MinimumPasswordLength.Format', 400);
  await ram.setPasswordPolicy({minimumPasswordLength: 10, requireNumbers: true, requireSymbols: true, passwordReusePrevention: 2});
  await ram.createUser({userName: 'ruled'});
  for (const password of ['short-1', 'no symbols 1'.replace(/ /g, ''), 'no-numbers-here'])
    await refused(ram.createLoginProfile({userName: 'ruled', password}), 'InvalidParameter.Password.TooWeak', 400);
  await ram.createLoginProfile({userName: 'ruled', password: 'good-enough-1'});
  await refused(ram.updateLoginProfile({userName: 'ruled', password: 'good-enough-1'}), 'InvalidParameter.Password.Reused', 400);
  await ram.updateLoginProfile({userName: 'ruled', password: 'good-enough-2'});
  await login({UserName: 'ruled', Password: 'good-enough-2'});
  const seen = (await ram.getPasswordPolicy()).body.passwordPolicy;
  assert.equal(seen.requireSymbols, true);
  assert.equal(seen.requireLowercaseCharacters, false);
  await ram.setPasswordPolicy({minimumPasswordLength: 8, requireNumbers: false, requireSymbols: false, passwordReusePrevention: 0});
});

test('a password that has to be changed is good for that alone', async () => {
  await person('reset', [allow('*')], {passwordResetRequired: true});
  const only = await login({UserName: 'reset', Password: 'Password of reset'});
  assert.equal(only.told.PasswordResetRequired, true);
  await refused(clients.kms(server, only).listKeys({}), 'Forbidden.NoPermission', 403);
  const self = clients.ram(server, only);
  await refused(self.createAccessKey({}), 'NoPermission', 403);
  await refused(self.changePassword({oldPassword: 'not it', newPassword: 'a new password'}), 'InvalidParameter.OldPassword', 403);
  await self.changePassword({oldPassword: 'Password of reset', newPassword: 'a new password'});
  await refused(login({UserName: 'reset', Password: 'Password of reset'}), 'LoginFailed', 403);
  const now = await login({UserName: 'reset', Password: 'a new password'});
  assert.equal(now.told.PasswordResetRequired, false);
  await clients.kms(server, now).listKeys({});
});

test('one-time codes: bind, log in, never twice', async () => {
  const who = await person('carol', [allow('kms:ListKeys', '*', {Bool: {'acs:MFAPresent': 'true'}})]);
  const before = await login({UserName: 'carol', Password: 'Password of carol'});
  await refused(clients.kms(server, before).listKeys({}), 'Forbidden.NoPermission', 403);
  const d = await bindDevice('carol', who);
  assert.equal(d.serialNumber, `acs:ram::${server.accountId}:mfa/carol`);
  assert.match(d.base32StringSeed, /^[A-Z2-7]{32}$/);
  const png = Buffer.from(d.QRCodePNG || d.qrCodePNG, 'base64');
  assert.equal(png.subarray(1, 4).toString(), 'PNG');
  assert.equal((await ram.getUserMFAInfo({userName: 'carol'})).body.MFADevice.serialNumber, d.serialNumber);
  const fields = {UserName: 'carol', Password: 'Password of carol'};
  await refused(login(fields), 'LoginFailed', 403);
  await refused(login({...fields, Code: '000000'}), 'LoginFailed', 403);
  await freshStep();
  const code = codeAt(d.base32StringSeed, stepNow());
  await refused(login({...fields, Password: 'wrong', Code: code}), 'LoginFailed', 403);
  const session = await login({...fields, Code: code});
  await clients.kms(server, session).listKeys({});
  await refused(login({...fields, Code: code}), 'LoginFailed', 403);
  const shown = JSON.stringify(await until(async () => {
    const all = await events(server, {EventName: 'Login'});
    return all.length && all;
  }, 'the events'));
  assert.ok(!shown.includes(code), 'no code in the trail');
  await refused(ram.deleteUser({userName: 'carol'}), 'DeleteConflict.User.AccessKey', 409);
  await refused(ram.deleteVirtualMFADevice({serialNumber: d.serialNumber}), 'DeleteConflict.VirtualMFADevice.User', 409);
  assert.equal((await ram.unbindMFADevice({userName: 'carol'})).body.MFADevice.serialNumber, d.serialNumber);
  await refused(ram.getUserMFAInfo({userName: 'carol'}), 'EntityNotExist.User.MFADevice', 404);
});

test('devices: names, lists, wrong codes, other people\'s', async () => {
  const who = await person('dave', []);
  const {virtualMFADevice: d} = (await ram.createVirtualMFADevice({virtualMFADeviceName: 'spare'})).body;
  await refused(ram.createVirtualMFADevice({virtualMFADeviceName: 'spare'}), 'EntityAlreadyExists.VirtualMFADevice', 409);
  const codes = {authenticationCode1: '123456', authenticationCode2: '654321'};
  await refused(ram.bindMFADevice({userName: 'dave', serialNumber: d.serialNumber, ...codes}), 'CheckAuthenticationCodeFail', 403);
  await refused(ram.bindMFADevice({userName: 'dave', serialNumber: d.serialNumber, ...codes, authenticationCode1: '12345'}), 'InvalidParameter.AuthenticationCode1.Format', 400);
  await refused(ram.bindMFADevice({userName: 'dave', serialNumber: 'acs:ram::1:mfa/none', ...codes}), 'EntityNotExist.VirtualMFADevice', 404);
  const listed = (await ram.listVirtualMFADevices()).body.virtualMFADevices.virtualMFADevice;
  assert.ok(listed.some((each) => each.serialNumber === d.serialNumber));
  assert.ok(!JSON.stringify(listed).includes('Seed":"'));
  const self = clients.ram(server, who);
  await refused(self.createVirtualMFADevice({virtualMFADeviceName: 'other'}), 'NoPermission', 403);
  await refused(self.unbindMFADevice({userName: 'carol'}), 'NoPermission', 403);
  await self.createVirtualMFADevice({virtualMFADeviceName: 'dave'}); // the account lets users have one of their own
  await ram.setSecurityPreference({allowUserToManageMFADevices: false});
  await refused(self.createVirtualMFADevice({virtualMFADeviceName: 'dave'}), 'NoPermission', 403);
  await ram.setSecurityPreference({allowUserToManageMFADevices: true});
  await ram.deleteVirtualMFADevice({serialNumber: d.serialNumber});
  await refused(ram.deleteVirtualMFADevice({serialNumber: d.serialNumber}), 'EntityNotExist.VirtualMFADevice', 404);
});

test('who must have a device may only get one until then; so must the root, always', async () => {
  await person('erin', [allow('*')], {MFABindRequired: true});
  const only = await login({UserName: 'erin', Password: 'Password of erin'});
  assert.equal(only.told.MFABindRequired, true);
  await refused(clients.kms(server, only).listKeys({}), 'Forbidden.NoPermission', 403);
  const d = await bindDevice('erin', only);
  await freshStep();
  const now = await login({UserName: 'erin', Password: 'Password of erin', Code: codeAt(d.base32StringSeed, stepNow())});
  assert.equal(now.told.MFABindRequired, false);
  await clients.kms(server, now).listKeys({});

  await ram.createLoginProfile({password: 'of the root itself'});
  const first = await login({Password: 'of the root itself'});
  assert.equal(first.told.MFABindRequired, true);
  assert.equal((await clients.sts(server, first).getCallerIdentity()).body.arn, `acs:ram::${server.accountId}:root`);
  await refused(clients.kms(server, first).listKeys({}), 'Forbidden.NoPermission', 403);
  await refused(clients.ram(server, first).createAccessKey({}), 'NoPermission', 403);
  await clients.kms(server).listKeys({}); // its access keys are another matter
});

test('what users may do for themselves is the account\'s to say; a denial stays one', async () => {
  const who = await newUser(server, 'selfish');
  await refused(clients.ram(server, who).listAccessKeys({}), 'NoPermission', 403);
  const {securityPreference: usual} = (await ram.getSecurityPreference()).body;
  assert.equal(usual.accessKeyPreference.allowUserToManageAccessKeys, false);
  assert.equal(usual.loginProfilePreference.allowUserToChangePassword, true);
  await ram.setSecurityPreference({allowUserToManageAccessKeys: true});
  assert.equal((await clients.ram(server, who).listAccessKeys({})).body.accessKeys.accessKey.length, 1);
  await refused(clients.ram(server, who).listAccessKeys({userName: 'alice'}), 'NoPermission', 403);
  const denied = await newUser(server, 'denied-self', [deny('ram:ListAccessKeys')]);
  await refused(clients.ram(server, denied).listAccessKeys({}), 'NoPermission', 403);
  await ram.setSecurityPreference({allowUserToManageAccessKeys: false});
  await refused(ram.setSecurityPreference({loginNetworkMasks: '10.0.0.0/33'}), 'InvalidParameter.LoginNetworkMasks.Format', 400);
  await person('far', []);
  await ram.setSecurityPreference({loginNetworkMasks: '10.0.0.0/8'});
  await refused(login({UserName: 'far', Password: 'Password of far'}), 'LoginFailed', 403);
  await ram.setSecurityPreference({loginNetworkMasks: '10.0.0.0/8;127.0.0.1'});
  await login({UserName: 'far', Password: 'Password of far'});
  await ram.setAccountAlias({accountAlias: 'example-corp'});
  await login({Account: 'example-corp', UserName: 'far', Password: 'Password of far'});
});

test('a code beside an access key: GetSessionToken and AssumeRole with MFA', async () => {
  const who = await newUser(server, 'keyed', [allow('kms:ListKeys', '*', {Bool: {'acs:MFAPresent': 'true'}})]);
  const d = await bindDevice('keyed', who);
  await refused(clients.kms(server, who).listKeys({}), 'Forbidden.NoPermission', 403);
  const call = clients.open(server, who);
  await refused(call('sts', 'GetSessionToken', {SerialNumber: d.serialNumber, TokenCode: '000000'}), 'CheckAuthenticationCodeFail', 403);
  await refused(call('sts', 'GetSessionToken', {SerialNumber: d.serialNumber}), 'MissingParameter', 400);
  await freshStep();
  const TokenCode = codeAt(d.base32StringSeed, stepNow());
  const {Credentials: c} = await call('sts', 'GetSessionToken', {SerialNumber: d.serialNumber, TokenCode});
  await clients.kms(server, {id: c.AccessKeyId, secret: c.AccessKeySecret, token: c.SecurityToken}).listKeys({});
  await refused(call('sts', 'GetSessionToken', {SerialNumber: d.serialNumber, TokenCode}), 'CheckAuthenticationCodeFail', 403);
});

test('a login carries no signature', async () => {
  const error = await clients.open(server)('keyhold', 'Login', {Account: server.accountId, UserName: 'alice', Password: 'x'})
    .then(() => assert.fail('let in'), (e) => e);
  assert.equal(error.code, 'IncompleteSignature');
});
