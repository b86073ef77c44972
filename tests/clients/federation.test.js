// Sessions for whom an OpenID Connect provider vouches: @alicloud/ims20190815, @alicloud/sts20150401, @aws-sdk/client-iam and -sts, with
// npm's oidc-provider as the provider.
'use strict';
const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const {test, before, after} = require('node:test');
const aws = {...require('@aws-sdk/client-iam'), ...require('@aws-sdk/client-sts')};
const clients = require('./clients');
const {newUser, allow, policy, refused, raw, events, until} = require('./help');
const {startIdp, newKey, forge, ISSUER} = require('./idp');
const {start} = require('./server');

const WEB = {client_id: 'web', id_token_signed_response_alg: 'RS256'};
const CLIENTS = [WEB, {client_id: 'cli', id_token_signed_response_alg: 'ES256'}, {client_id: 'batch', id_token_signed_response_alg: 'PS256'},
  {client_id: 'stranger'}];
let server, idp, ims, ram, keyhold, nobody, providerArn, roleArn, awsRoleArn;

const federated = (conditions, more = {}) => JSON.stringify({Version: '1', Statement: [{Effect: 'Allow', Action: 'sts:AssumeRole',
  Principal: {Federated: [providerArn]}, ...(conditions && {Condition: conditions}), ...more}]});

before(async () => {
  server = await start();
  idp = await startIdp(CLIENTS, [newKey('r1', 'RSA'), newKey('e1', 'EC')]);
  ims = clients.ims(server);
  ram = clients.ram(server);
  keyhold = clients.open(server);
  nobody = clients.sts(server, {id: '', secret: ''});
  providerArn = `acs:ram::${server.accountId}:oidc-provider/corporate`;
  const made = (await ims.createOIDCProvider({OIDCProviderName: 'corporate', issuerUrl: ISSUER, clientIds: 'web,cli,batch',
    description: 'People', issuanceLimitTime: 2, fingerprints: 'AB'.repeat(20)})).body.OIDCProvider;
  assert.equal(made.arn, providerArn);
  await ram.createPolicy({policyName: 'list-keys', policyDocument: policy([allow('kms:ListKeys')])});
  const role = (await ram.createRole({roleName: 'deployer', assumeRolePolicyDocument: federated()})).body.role;
  roleArn = role.arn;
  awsRoleArn = `arn:aws:iam::${server.accountId}:role/deployer`;
  await ram.attachPolicyToRole({roleName: 'deployer', policyName: 'list-keys', policyType: 'Custom'});
});
after(async () => {
  idp.stop();
  await server.stop();
});

const assume = (OIDCToken, more = {}) => nobody.assumeRoleWithOIDC({OIDCProviderArn: providerArn, roleArn, OIDCToken,
  roleSessionName: 'ci-run', ...more});
const setKeys = async (from = idp) => keyhold('keyhold', 'SetOIDCProviderKeys', {OIDCProviderName: 'corporate', Keys: await from.jwks()});
const sessionOf = ({credentials: c}) => ({id: c.accessKeyId, secret: c.accessKeySecret, token: c.securityToken});
const iam = () => new aws.IAMClient({region: 'us-east-1', endpoint: server.http, maxAttempts: 1,
  credentials: {accessKeyId: server.owner.id, secretAccessKey: server.owner.secret}});
const anonymous = () => new aws.STSClient({region: 'us-east-1', endpoint: server.http, maxAttempts: 1});
const awsRefused = async (call, name, status) => {
  const error = await call.then(() => assert.fail('was not refused'), (e) => e);
  assert.equal(error.name, name, error.stack);
  assert.equal(error.$metadata.httpStatusCode, status);
};

test('a provider without keys is believed in nothing', async () => {
  await refused(assume(await idp.token('web', 'alice')), 'AuthenticationFail.OIDCToken.Invalid', 400);
  const made = await setKeys();
  assert.equal(made.OIDCProvider.SigningKeys, 'r1,e1');
});

test('a token gives a session with the role\'s permissions', async () => {
  for (const client of ['web', 'cli', 'batch']) {
    const body = (await assume(await idp.token(client, 'alice'))).body;
    assert.equal(body.OIDCTokenInfo.subject, 'alice');
    assert.equal(body.OIDCTokenInfo.issuer, ISSUER);
    assert.equal(body.OIDCTokenInfo.clientIds, client);
    assert.equal(body.assumedRoleUser.arn, `acs:ram::${server.accountId}:role/deployer/ci-run`);
    const session = sessionOf(body);
    assert.match(session.id, /^STS\./);
    assert.ok((await clients.open(server, session)('kms', 'ListKeys')).Keys);
    await refused(clients.ram(server, session).listUsers(), 'NoPermission', 403);
  }
});

test('the trail tells who it was, and nothing of the token', async () => {
  const token = await idp.token('web', 'zoe');
  await assume(token);
  const found = await until(async () => (await events(server, {EventName: 'AssumeRoleWithOIDC'})).find((e) =>
    e.userIdentity.userName === 'zoe'), 'the event');
  assert.equal(found.userIdentity.type, 'oidc-user');
  assert.equal(found.userIdentity.principalId, providerArn);
  assert.ok(!JSON.stringify(found).includes(token.split('.')[2]));
  assert.equal(found.requestParameters.OIDCToken, '***');
});

test('the role trusts whom its policy says, by what the token says', async () => {
  const roleWith = async (name, document) => {
    const {arn} = (await ram.createRole({roleName: name, assumeRolePolicyDocument: document})).body.role;
    return arn;
  };
  const bob = await idp.token('web', 'bob');
  const only = await roleWith('only-alice', federated({StringEquals: {'oidc:sub': 'alice', 'oidc:aud': 'web', 'oidc:iss': ISSUER}}));
  await refused(assume(bob, {roleArn: only}), 'NoPermission', 403);
  await assume(await idp.token('web', 'alice'), {roleArn: only});
  await refused(assume(await idp.token('cli', 'alice'), {roleArn: only}), 'NoPermission', 403);
  // a role that trusts somebody else, everybody, or is not there at all: one answer
  const others = [await roleWith('people', JSON.stringify({Version: '1', Statement: [{Effect: 'Allow', Action: 'sts:AssumeRole',
    Principal: {RAM: [`acs:ram::${server.accountId}:root`]}}]})), `acs:ram::${server.accountId}:role/missing`,
  await roleWith('everybody', JSON.stringify({Version: '1', Statement: [{Effect: 'Allow', Action: 'sts:AssumeRole', Principal: {RAM: ['*']}}]})),
  await roleWith('other-provider', federated(null, {Principal: {Federated: [`${providerArn}2`]}}))];
  const messages = new Set();
  for (const arn of others) messages.add((await refused(assume(bob, {roleArn: arn}), 'NoPermission', 403)).message.replace(/,? ?[Rr]equest id.*/, ''));
  assert.equal(messages.size, 1, [...messages].join('\n'));
  const denied = await roleWith('not-bob', JSON.stringify({Version: '1', Statement: [
    JSON.parse(federated()).Statement[0], {...JSON.parse(federated()).Statement[0], Effect: 'Deny', Condition: {StringEquals: {'oidc:sub': 'bob'}}}]}));
  await refused(assume(bob, {roleArn: denied}), 'NoPermission', 403);
  await assume(await idp.token('web', 'alice'), {roleArn: denied});
});

test('sessions are no longer and no wider than asked for', async () => {
  const token = await idp.token('web', 'alice');
  await refused(assume(token, {durationSeconds: 7200}), 'InvalidParameter.DurationSeconds', 400);
  const body = (await assume(token, {durationSeconds: 900, policy: policy([allow('kms:DescribeKey')])})).body;
  const left_s = (Date.parse(body.credentials.expiration) - Date.now()) / 1000;
  assert.ok(left_s > 800 && left_s <= 900, String(left_s));
  await refused(clients.kms(server, sessionOf(body)).listKeys(), 'Forbidden.NoPermission', 403);
  await refused(assume(token, {policy: '{'}), 'InvalidParameter.PolicyGrammar', 400);
  await refused(assume(token, {roleSessionName: 'a b'}), 'InvalidParameter.RoleSessionName', 400);
});

test('what is no token of the provider', async () => {
  const good = await idp.token('web', 'alice');
  const [header, claims, signature] = good.split('.');
  const said = JSON.parse(Buffer.from(claims, 'base64url'));
  const rsa = idp.keys[0], stranger = newKey('r1', 'RSA'), now = Math.floor(Date.now() / 1000);
  const H = {alg: 'RS256', kid: 'r1', typ: 'JWT'};
  const pem = crypto.createPublicKey(crypto.createPrivateKey({key: rsa, format: 'jwk'})).export({type: 'spki', format: 'pem'});
  await assume(forge(rsa, H, {...said, x: 'x'.repeat(13000)})); // this is how a good one is made by hand
  const bad = {
    'wrong audience': await idp.token('stranger', 'alice'),
    'wrong issuer': forge(rsa, H, {...said, iss: 'https://idp.example.org'}),
    'issuer with a slash more': forge(rsa, H, {...said, iss: `${ISSUER}/`}),
    'no subject': forge(rsa, H, {...said, sub: undefined}),
    'not yet': forge(rsa, H, {...said, nbf: now + 3600}),
    'from the future': forge(rsa, H, {...said, iat: now + 3600}),
    'alg none': forge(rsa, {...H, alg: 'none'}, said, () => ''),
    'alg None with the signature': `${Buffer.from('{"alg":"None","kid":"r1"}').toString('base64url')}.${claims}.${signature}`,
    'HS256 with the public key': forge(rsa, {...H, alg: 'HS256'}, said, (text) => crypto.createHmac('sha256', pem).update(text).digest()),
    'unknown key id': forge(rsa, {...H, kid: 'r2'}, said),
    'another key under the id': forge(stranger, H, said),
    'a key brought along': forge(stranger, {...H, jwk: {kty: 'RSA', n: stranger.n, e: stranger.e}}, said),
    'a key to be fetched': forge(stranger, {...H, jku: 'https://evil.example.com/jwks'}, said),
    'mangled signature': `${header}.${claims}.${signature.slice(0, -8)}AAAAAAAA`,
    'mangled claims': `${header}.${Buffer.from(JSON.stringify({...said, sub: 'root'})).toString('base64url')}.${signature}`,
    'cut': good.slice(0, -10),
    'a part more': `${good}.x`,
    'standard base64': good.replaceAll('-', '+').replaceAll('_', '/') === good ? `${good}==` : good.replaceAll('-', '+').replaceAll('_', '/'),
    'deep': forge(rsa, H, `{"iss":"${ISSUER}","x":${'['.repeat(4000)}${']'.repeat(4000)}}`),
    'no JSON': forge(rsa, H, 'claims'),
    'two subjects': forge(rsa, H, JSON.stringify(said).replace('{', '{"sub":"root",')),
    'rubbish': 'rubbish',
  };
  for (const [what, token] of Object.entries(bad))
    await assert.rejects(assume(token), (e) => e.code === 'AuthenticationFail.OIDCToken.Invalid' || assert.fail(`${what}: ${e.code}`), what);
  await refused(assume(good, {OIDCProviderArn: `${providerArn}2`}), 'AuthenticationFail.OIDCToken.Invalid', 400);
  await refused(assume(good, {OIDCProviderArn: 'acs:ram::1999999999999999:oidc-provider/corporate'}), 'AuthenticationFail.OIDCToken.Invalid', 400);
  await refused(assume(good, {roleArn: 'acs:ram::1999999999999999:role/deployer'}), 'AuthenticationFail.OIDCToken.Invalid', 400);
  await refused(assume('x'.repeat(20001)), 'InvalidParameter.OIDCToken', 400);
  await refused(assume(forge(rsa, H, {...said, exp: now - 120})), 'AuthenticationFail.OIDCToken.Expired', 400);
  await refused(assume(forge(rsa, H, {...said, iat: now - 3 * 3600})), 'AuthenticationFail.OIDCToken.Expired', 400);
  await assume(good);
});

test('a signature changes nothing: these calls have none', async () => {
  const signed = clients.open(server);
  await refused(signed('sts', 'AssumeRoleWithOIDC', {OIDCProviderArn: providerArn, RoleArn: roleArn, OIDCToken: await idp.token('web', 'alice'),
    RoleSessionName: 'ci'}), 'IncompleteSignature', 400);
  const answer = await raw(server, {method: 'GET', path: `/?${new URLSearchParams({Action: 'GetCallerIdentity', Version: '2011-06-15'})}`});
  assert.equal(answer.status, 403);
  assert.match(String(answer.body), /MissingAuthenticationToken/);
});

test('keys that were rotated at the provider are taken once the owner says so', async () => {
  const rotated = await startIdp(CLIENTS, [newKey('r2', 'RSA'), newKey('e2', 'EC')]);
  const old = await idp.token('web', 'alice'), fresh = await rotated.token('web', 'alice');
  await refused(assume(fresh), 'AuthenticationFail.OIDCToken.Invalid', 400);
  await setKeys(rotated);
  await assume(fresh);
  await refused(assume(old), 'AuthenticationFail.OIDCToken.Invalid', 400);
  await setKeys();
  await assume(old);
  rotated.stop();
});

test('who may change providers is for policies to say', async () => {
  const may = await newUser(server, 'reader', [allow('ram:GetOIDCProvider', `acs:ram:*:${server.accountId}:oidc-provider/corp*`)]);
  const reader = clients.ims(server, may);
  assert.equal((await reader.getOIDCProvider({OIDCProviderName: 'corporate'})).body.OIDCProvider.issuerUrl, ISSUER);
  await refused(reader.addClientIdToOIDCProvider({OIDCProviderName: 'corporate', clientId: 'x'}), 'NoPermission', 403);
  await refused(clients.open(server, may)('keyhold', 'SetOIDCProviderKeys', {OIDCProviderName: 'corporate', Keys: '{}'}), 'NoPermission', 403);
  await refused(keyhold('keyhold', 'SetOIDCProviderKeys', {OIDCProviderName: 'corporate', Keys: '{"keys":[]}'}), 'InvalidParameter.Keys', 400);
});

test('providers come, change and go', async () => {
  const of = async (name) => (await ims.getOIDCProvider({OIDCProviderName: name})).body.OIDCProvider;
  await ims.createOIDCProvider({OIDCProviderName: 'second', issuerUrl: 'https://two.example.com/x'});
  await refused([ims.createOIDCProvider({OIDCProviderName: 'second', issuerUrl: 'https://three.example.com'}),
    ims.createOIDCProvider({OIDCProviderName: 'third', issuerUrl: 'https://two.example.com/x'})], 'EntityAlreadyExists.OIDCProvider', 409);
  await refused([ims.createOIDCProvider({OIDCProviderName: 'third', issuerUrl: 'http://three.example.com'}),
    ims.createOIDCProvider({OIDCProviderName: 'a b', issuerUrl: 'https://three.example.com'}),
    ims.createOIDCProvider({OIDCProviderName: 'third', issuerUrl: 'https://three.example.com?x'}),
    ims.createOIDCProvider({OIDCProviderName: 'third', issuerUrl: 'https://three.example.com', fingerprints: 'AB'})], 'InvalidParameter', 400);
  await refused(ims.createOIDCProvider({issuerUrl: 'https://three.example.com'}), 'MissingParameter', 400);
  await ims.addClientIdToOIDCProvider({OIDCProviderName: 'second', clientId: 'one'});
  await ims.addClientIdToOIDCProvider({OIDCProviderName: 'second', clientId: 'two'});
  await ims.removeClientIdFromOIDCProvider({OIDCProviderName: 'second', clientId: 'one'});
  await ims.addFingerprintToOIDCProvider({OIDCProviderName: 'second', fingerprint: 'CD'.repeat(20)});
  await ims.updateOIDCProvider({OIDCProviderName: 'second', newDescription: 'Machines', issuanceLimitTime: 1});
  const second = await of('second');
  assert.deepEqual([second.clientIds, second.fingerprints, second.description, Number(second.issuanceLimitTime)],
    ['two', 'CD'.repeat(20), 'Machines', 1]);
  await ims.removeFingerprintFromOIDCProvider({OIDCProviderName: 'second', fingerprint: 'CD'.repeat(20)});
  assert.ok(!(await of('second')).fingerprints);
  const names = (await ims.listOIDCProviders()).body.OIDCProviders.OIDCProvider.map((p) => p.OIDCProviderName);
  assert.deepEqual(names, ['corporate', 'second']);
  await ims.deleteOIDCProvider({OIDCProviderName: 'second'});
  await refused(ims.getOIDCProvider({OIDCProviderName: 'second'}), 'EntityNotExist.OIDCProvider', 404);
  await ims.createOIDCProvider({OIDCProviderName: 'again', issuerUrl: 'https://two.example.com/x'});
  await ims.deleteOIDCProvider({OIDCProviderName: 'again'});
});

test('changes at the same time lose nothing', async () => {
  await ims.createOIDCProvider({OIDCProviderName: 'busy', issuerUrl: 'https://busy.example.com'});
  const wanted = ['a', 'b', 'c', 'd'];
  await Promise.all(wanted.map(async (clientId) => {
    for (;;) {
      try {
        return await ims.addClientIdToOIDCProvider({OIDCProviderName: 'busy', clientId});
      } catch (error) {
        if (error.code !== 'Rejected.StateModifiedFailed') throw error;
      }
    }
  }));
  const found = (await ims.getOIDCProvider({OIDCProviderName: 'busy'})).body.OIDCProvider.clientIds.split(',').sort();
  assert.deepEqual(found, wanted);
  await ims.deleteOIDCProvider({OIDCProviderName: 'busy'});
});

test('the same through AWS\'s clients', async () => {
  const trust = (condition) => JSON.stringify({Version: '2012-10-17', Statement: [{Effect: 'Allow', Action: 'sts:AssumeRoleWithWebIdentity',
    Principal: {Federated: `arn:aws:iam::${server.accountId}:oidc-provider/corporate`}, Condition: condition}]});
  await iam().send(new aws.CreateRoleCommand({RoleName: 'web', AssumeRolePolicyDocument: trust({StringEquals: {'idp.example.com:aud': 'web',
    'idp.example.com:sub': 'alice'}})}));
  const role = (name) => `arn:aws:iam::${server.accountId}:role/${name}`;
  const take = (RoleArn, WebIdentityToken, more = {}) =>
    anonymous().send(new aws.AssumeRoleWithWebIdentityCommand({RoleArn, WebIdentityToken, RoleSessionName: 'pod-1', ...more}));
  const answer = await take(role('web'), await idp.token('web', 'alice'));
  assert.equal(answer.SubjectFromWebIdentityToken, 'alice');
  assert.equal(answer.Audience, 'web');
  assert.equal(answer.Provider, `arn:aws:iam::${server.accountId}:oidc-provider/corporate`);
  assert.equal(answer.AssumedRoleUser.Arn, `arn:aws:sts::${server.accountId}:assumed-role/web/pod-1`);
  const {AccessKeyId, SecretAccessKey, SessionToken} = answer.Credentials;
  const session = new aws.STSClient({region: 'us-east-1', endpoint: server.http, maxAttempts: 1,
    credentials: {accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: SessionToken}});
  assert.equal((await session.send(new aws.GetCallerIdentityCommand({}))).Arn, answer.AssumedRoleUser.Arn);
  await awsRefused(take(role('web'), await idp.token('web', 'bob')), 'AccessDenied', 403);
  await awsRefused(take(role('missing'), await idp.token('web', 'bob')), 'AccessDenied', 403);
  await awsRefused(take(role('web'), await idp.token('stranger', 'alice')), 'InvalidIdentityTokenException', 400);
  await awsRefused(take(role('web'), 'rubbish.rubbish.rubbish'), 'InvalidIdentityTokenException', 400);
  await take(awsRoleArn, await idp.token('cli', 'bob')); // which trusts the provider in the other cloud's words
});

test('providers through AWS\'s clients are called by their issuer', async () => {
  const send = (Command, input) => iam().send(new Command(input));
  const {OpenIDConnectProviderArn: arn} = await send(aws.CreateOpenIDConnectProviderCommand, {Url: 'https://oidc.example.com/id/ABC',
    ClientIDList: ['sts.amazonaws.com', 'other'], ThumbprintList: ['ef'.repeat(20)]});
  assert.equal(arn, `arn:aws:iam::${server.accountId}:oidc-provider/oidc.example.com/id/ABC`);
  await send(aws.AddClientIDToOpenIDConnectProviderCommand, {OpenIDConnectProviderArn: arn, ClientID: 'third'});
  await send(aws.RemoveClientIDFromOpenIDConnectProviderCommand, {OpenIDConnectProviderArn: arn, ClientID: 'other'});
  await send(aws.UpdateOpenIDConnectProviderThumbprintCommand, {OpenIDConnectProviderArn: arn, ThumbprintList: ['ab'.repeat(20), 'cd'.repeat(20)]});
  const found = await send(aws.GetOpenIDConnectProviderCommand, {OpenIDConnectProviderArn: arn});
  assert.deepEqual([found.Url, found.ClientIDList, found.ThumbprintList],
    ['oidc.example.com/id/ABC', ['sts.amazonaws.com', 'third'], ['ab'.repeat(20), 'cd'.repeat(20)]]);
  const {OpenIDConnectProviderList: all} = await send(aws.ListOpenIDConnectProvidersCommand, {});
  assert.ok(all.some((p) => p.Arn === arn));
  await awsRefused(send(aws.CreateOpenIDConnectProviderCommand, {Url: 'https://oidc.example.com/id/ABC'}), 'EntityAlreadyExistsException', 409);
  await awsRefused(send(aws.CreateOpenIDConnectProviderCommand, {Url: 'https://x.example.com', ClientIDList: ['a,b']}), 'ValidationError', 400);
  await send(aws.DeleteOpenIDConnectProviderCommand, {OpenIDConnectProviderArn: arn});
  await awsRefused(send(aws.GetOpenIDConnectProviderCommand, {OpenIDConnectProviderArn: arn}), 'NoSuchEntityException', 404);
});

test('a role whose sessions were ended, a provider that is gone', async () => {
  const body = (await assume(await idp.token('web', 'alice'))).body, session = sessionOf(body);
  await until(() => Date.now() > Date.parse(body.credentials.expiration) - 3600000 + 1100, 'the next second');
  await keyhold('keyhold', 'RevokeRoleSessions', {RoleName: 'deployer'});
  await refused(clients.kms(server, session).listKeys(), 'InvalidSecurityToken.Expired', 400);
  const token = await idp.token('web', 'alice');
  await ims.deleteOIDCProvider({OIDCProviderName: 'corporate'});
  await refused(assume(token), 'AuthenticationFail.OIDCToken.Invalid', 400);
});

// ---- what SDKs do by themselves with a token that lies in a file, as clusters put it there

// Another node process: its environment is all it knows.
function elsewhere(script, environment) {
  const {execFile} = require('node:child_process');
  const kept = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(AWS|ALIBABA)_/.test(name)));
  return new Promise((resolve, reject) => execFile(process.execPath, ['-e', script], {cwd: __dirname, timeout: 60000,
    env: {...kept, NODE_EXTRA_CA_CERTS: server.ca, HOME: os.tmpdir(), ...environment}},
  (error, out, err) => error ? reject(Object.assign(error, {said: String(err)})) : resolve(String(out).trim())));
}

test('SDKs of both clouds find a token in the environment', async (t) => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'keyhold-token-')), file = path.join(folder, 'token');
  t.after(() => fs.rmSync(folder, {recursive: true}));
  await ims.createOIDCProvider({OIDCProviderName: 'workloads', issuerUrl: ISSUER, clientIds: 'web'});
  await keyhold('keyhold', 'SetOIDCProviderKeys', {OIDCProviderName: 'workloads', Keys: await idp.jwks()});
  const arn = `acs:ram::${server.accountId}:oidc-provider/workloads`;
  await ram.createRole({roleName: 'workload', assumeRolePolicyDocument: federated({StringEquals: {'oidc:sub': 'pod'}}, {Principal: {Federated: [arn]}})});
  await ram.attachPolicyToRole({roleName: 'workload', policyName: 'list-keys', policyType: 'Custom'});
  const put = async (person, client = 'web') => fs.writeFileSync(file, await idp.token(client, person));
  const alibaba = {ALIBABA_CLOUD_OIDC_TOKEN_FILE: file, ALIBABA_CLOUD_ROLE_ARN: `acs:ram::${server.accountId}:role/workload`,
    ALIBABA_CLOUD_OIDC_PROVIDER_ARN: arn, ALIBABA_CLOUD_ROLE_SESSION_NAME: 'pod-1'};
  const withAlibaba = `const {default: Credential, Config} = require('@alicloud/credentials');
    const {open} = require('./clients');
    new Credential(new Config({type: 'oidc_role_arn', stsEndpoint: ${JSON.stringify(new URL(server.https).host)}})).getCredential().then(async (c) => {
      const who = {id: c.accessKeyId, secret: c.accessKeySecret, token: c.securityToken};
      const call = open(${JSON.stringify({host: server.host})}, who);
      console.log((await call('sts', 'GetCallerIdentity')).Arn, Boolean((await call('kms', 'ListKeys')).Keys));
    }).catch((e) => { console.error(e.message); process.exit(1); });`;
  const amazon = {AWS_WEB_IDENTITY_TOKEN_FILE: file, AWS_ROLE_ARN: `arn:aws:iam::${server.accountId}:role/workload`, AWS_ROLE_SESSION_NAME: 'pod-1',
    AWS_REGION: 'us-east-1', AWS_ENDPOINT_URL: server.http, AWS_EC2_METADATA_DISABLED: 'true'};
  const withAmazon = `const {STSClient, GetCallerIdentityCommand} = require('@aws-sdk/client-sts');
    const {KMSClient, ListKeysCommand} = require('@aws-sdk/client-kms');
    (async () => console.log((await new STSClient({}).send(new GetCallerIdentityCommand({}))).Arn,
      Boolean((await new KMSClient({}).send(new ListKeysCommand({}))).Keys)))().catch((e) => { console.error(e.name); process.exit(1); });`;
  await put('pod');
  assert.equal(await elsewhere(withAlibaba, alibaba), `acs:ram::${server.accountId}:assumed-role/workload/pod-1 true`);
  assert.equal(await elsewhere(withAmazon, amazon), `arn:aws:sts::${server.accountId}:assumed-role/workload/pod-1 true`);
  for (const [person, client, alibabaSays, amazonSays] of [['other', 'web', /NoPermission/, /AccessDenied/],
    ['pod', 'cli', /AuthenticationFail.OIDCToken.Invalid/, /InvalidIdentityToken/]]) {
    await put(person, client);
    await assert.rejects(elsewhere(withAlibaba, alibaba), (e) => alibabaSays.test(e.said) || assert.fail(e.said));
    await assert.rejects(elsewhere(withAmazon, amazon), (e) => amazonSays.test(e.said) || assert.fail(e.said));
  }
});
