// @aws-sdk/client-secrets-manager: Signature Version 4 over JSON 1.1; and one secret through both clouds' packages.
'use strict';
const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const {test, before, after} = require('node:test');
const aws = require('@aws-sdk/client-secrets-manager');
const clients = require('./clients');
const {allow, events, newUser, refused} = require('./help');
const {start} = require('./server');

let server, kms, send;

function manager(who = server.owner, region = 'cn-hangzhou') {
  const client = new aws.SecretsManagerClient({endpoint: server.http, region, maxAttempts: 1,
    credentials: {accessKeyId: who.id, secretAccessKey: who.secret}});
  return (name, input) => client.send(new aws[`${name}Command`](input));
}

before(async () => {
  server = await start();
  kms = clients.kms(server);
  send = manager();
});
after(() => server.stop());

const newName = () => `sdk/${crypto.randomUUID()}`;
const wrong = (call, name) => assert.rejects(call, (error) => (assert.equal(error.name, name, error.stack), true));

test('the life of a secret', async () => {
  const Name = newName(), SecretString = 'v\u00e9"\\\n\u{1F511}';
  const made = await send('CreateSecret', {Name, SecretString, Tags: [{Key: 'a', Value: 'b'}]});
  const got = await send('GetSecretValue', {SecretId: made.ARN});
  assert.equal(got.SecretString, SecretString);
  assert.equal(got.VersionId, made.VersionId);
  assert.deepEqual(got.VersionStages, ['AWSCURRENT']);
  const SecretBinary = crypto.randomBytes(1000);
  const put = await send('PutSecretValue', {SecretId: Name, SecretBinary});
  assert.deepEqual(Buffer.from((await send('GetSecretValue', {SecretId: Name})).SecretBinary), SecretBinary);
  assert.equal((await send('GetSecretValue', {SecretId: Name, VersionStage: 'AWSPREVIOUS'})).SecretString, SecretString);
  const shown = await send('DescribeSecret', {SecretId: Name});
  assert.deepEqual(shown.VersionIdsToStages, {[made.VersionId]: ['AWSPREVIOUS'], [put.VersionId]: ['AWSCURRENT']});
  assert.ok(Math.abs(shown.CreatedDate - Date.now()) < 120e3);
  await send('DeleteSecret', {SecretId: Name, RecoveryWindowInDays: 7});
  await wrong(send('GetSecretValue', {SecretId: Name}), 'InvalidRequestException');
  const listed = async (more) => (await send('ListSecrets', {Filters: [{Key: 'name', Values: [Name]}], ...more})).SecretList.length;
  assert.equal(await listed({}), 0);
  assert.equal(await listed({IncludePlannedDeletion: true}), 1);
  await send('RestoreSecret', {SecretId: Name});
  await send('DeleteSecret', {SecretId: Name, ForceDeleteWithoutRecovery: true});
  await wrong(send('DescribeSecret', {SecretId: Name}), 'ResourceNotFoundException');
});

test('what is refused', async () => {
  const Name = newName();
  await send('CreateSecret', {Name, SecretString: 'x'});
  await wrong(send('CreateSecret', {Name, SecretString: 'x'}), 'ResourceExistsException');
  await wrong(send('GetSecretValue', {SecretId: 'nothing'}), 'ResourceNotFoundException');
  await wrong(send('RotateSecret', {SecretId: Name}), 'InvalidRequestException');
  await wrong(send('ReplicateSecretToRegions', {SecretId: Name, AddReplicaRegions: [{Region: 'us-east-1'}]}), 'InvalidRequestException');
  await wrong(manager({...server.owner, secret: 'x'.repeat(30)})('GetSecretValue', {SecretId: Name}), 'InvalidSignatureException');
});

test('a secret of one cloud is read, written and rotated through the other', async () => {
  const name = newName();
  await kms.createSecret({secretName: name, versionId: 'v1', secretData: 'from Alibaba'});
  assert.equal((await send('GetSecretValue', {SecretId: name})).SecretString, 'from Alibaba');
  const put = await send('PutSecretValue', {SecretId: name, SecretString: 'from AWS'});
  const got = await kms.getSecretValue({secretName: name});
  assert.equal(got.secretData, 'from AWS');
  assert.equal(got.versionId, put.VersionId);
  assert.deepEqual(got.versionStages.versionStage, ['ACSCurrent']);
  const found = await events(server, {ResourceName: name, EventName: 'GetSecretValue'});
  assert.ok(found.some((e) => JSON.stringify(e).includes('aws_json')) && found.some((e) => JSON.stringify(e).includes('alibaba_rpc')));
  assert.ok(!JSON.stringify(await events(server, {ResourceName: name})).includes('from '));
});

test('tags of a secret through both generations of packages', async () => {
  const secretName = newName();
  await kms.createSecret({secretName, versionId: 'v1', secretData: 'x'});
  await kms.tagResource({secretName, tags: JSON.stringify([{TagKey: 'a', TagValue: '1'}, {TagKey: 'b', TagValue: '2'}])});
  await kms.untagResource({secretName, tagKeys: JSON.stringify(['b'])});
  assert.deepEqual((await send('DescribeSecret', {SecretId: secretName})).Tags, [{Key: 'a', Value: '1'}]);
  await send('TagResource', {SecretId: secretName, Tags: [{Key: 'a', Value: '3'}]});
  assert.deepEqual((await kms.describeSecret({secretName, fetchTags: 'true'})).tags.tag.map((t) => [t.tagKey, t.tagValue]), [['a', '3']]);
  const keyId = (await kms.createKey({})).keyMetadata.keyId;
  await refused(kms.tagResource({secretName, keyId, tags: JSON.stringify([{TagKey: 'a', TagValue: '1'}])}), 'InvalidParameter', 400);
  await refused(kms.tagResource({secretName: 'nothing', tags: JSON.stringify([{TagKey: 'a', TagValue: '1'}])}), 'Forbidden.ResourceNotFound', 404);
});

test('every other call of the package', async () => {
  const Name = newName(), SecretId = Name;
  const made = await send('CreateSecret', {Name, SecretString: 'one', Description: 'words'});
  const updated = await send('UpdateSecret', {SecretId, SecretString: 'two', Description: 'other words'});
  const versions = await send('ListSecretVersionIds', {SecretId, MaxResults: 1});
  assert.deepEqual(versions.Versions.map((v) => [v.VersionId, v.VersionStages]), [[updated.VersionId, ['AWSCURRENT']]]);
  assert.equal((await send('ListSecretVersionIds', {SecretId, NextToken: versions.NextToken})).Versions[0].VersionId, made.VersionId);
  await send('UpdateSecretVersionStage', {SecretId, VersionStage: 'AWSCURRENT', MoveToVersionId: made.VersionId, RemoveFromVersionId: updated.VersionId});
  assert.deepEqual((await send('DescribeSecret', {SecretId})).VersionIdsToStages, {[made.VersionId]: ['AWSCURRENT'], [updated.VersionId]: ['AWSPREVIOUS']});
  await send('TagResource', {SecretId, Tags: [{Key: 'a', Value: 'b'}, {Key: 'c', Value: 'd'}]});
  await send('UntagResource', {SecretId, TagKeys: ['a']});
  assert.deepEqual((await send('DescribeSecret', {SecretId})).Tags, [{Key: 'c', Value: 'd'}]);
  const ResourcePolicy = JSON.stringify({Version: '2012-10-17', Statement: [{Effect: 'Deny', Principal: '*', Action: 'secretsmanager:DeleteSecret', Resource: '*'}]});
  assert.equal((await send('ValidateResourcePolicy', {SecretId, ResourcePolicy})).PolicyValidationPassed, true);
  assert.equal((await send('ValidateResourcePolicy', {ResourcePolicy: '{}'})).PolicyValidationPassed, false);
  await send('PutResourcePolicy', {SecretId, ResourcePolicy, BlockPublicPolicy: true});
  assert.equal((await send('GetResourcePolicy', {SecretId})).ResourcePolicy, ResourcePolicy);
  await wrong(send('DeleteSecret', {SecretId}), 'AccessDeniedException');
  await send('DeleteResourcePolicy', {SecretId});
  assert.equal((await send('GetResourcePolicy', {SecretId})).ResourcePolicy, undefined);
  assert.match((await send('GetRandomPassword', {PasswordLength: 20, ExcludePunctuation: true})).RandomPassword, /^[A-Za-z0-9]{20}$/);
  assert.match((await send('GetRandomPassword', {PasswordLength: 8, ExcludeLowercase: true, ExcludeUppercase: true, ExcludePunctuation: true,
    ExcludeCharacters: '0', RequireEachIncludedType: true})).RandomPassword, /^[1-9]{8}$/);
  await wrong(send('GetRandomPassword', {ExcludeLowercase: true, ExcludeUppercase: true, ExcludeNumbers: true, ExcludePunctuation: true}), 'InvalidParameterException');
  await wrong(send('RotateSecret', {SecretId, RotationLambdaARN: 'arn:aws:lambda:us-east-1:123456789012:function:f'}), 'InvalidRequestException');
  await wrong(send('RotateSecret', {SecretId, RotationRules: {AutomaticallyAfterDays: 7}}), 'InvalidRequestException');
  assert.equal((await send('CancelRotateSecret', {SecretId})).Name, Name);
  for (const [call, more] of [['RemoveRegionsFromReplication', {RemoveReplicaRegions: ['us-east-1']}], ['StopReplicationToReplica', {}]]) {
    await wrong(send(call, {SecretId, ...more}), 'InvalidRequestException');
  }
  await assert.rejects(send('CreateSecret', {Name: newName(), SecretString: 'x', AddReplicaRegions: [{Region: 'us-east-1'}]}));
  await assert.rejects(send('CreateSecret', {Name: newName(), SecretString: 'x', Type: 'Partner'}));
});

test('a policy that comes with the secret', async () => {
  const secretName = newName(), pop = clients.pop(server, clients.VERSIONS.kms);
  const Policy = JSON.stringify({Version: '1', Statement: [{Effect: 'Deny', Principal: {RAM: ['*']}, Action: ['kms:GetSecretValue'], Resource: ['*']}]});
  const create = (policy, SecretName = secretName) => pop.request('CreateSecret', {SecretName, VersionId: 'v1', SecretData: 'x', Policy: policy}, {method: 'POST'});
  await assert.rejects(create('{"Version":"1"}'), /MalformedPolicyDocument/);
  await create(Policy);
  assert.equal((await pop.request('GetSecretPolicy', {SecretName: secretName})).Policy, Policy);
  await wrong(send('GetSecretValue', {SecretId: secretName}), 'AccessDeniedException');
});

test('tags of several secrets at once', async () => {
  const folder = `tags/${crypto.randomUUID()}`, [one, two, other] = ['one', 'two', 'other'].map((n) => `${folder}/${n}`);
  for (const Name of [one, two, other]) await send('CreateSecret', {Name, SecretString: 'x'});
  const call = (action, more, who) => clients.open(server, who)('kms', action, {RegionId: 'cn-hangzhou', ResourceType: 'secret', ...more});
  const tags = async (SecretId) => Object.fromEntries((await send('DescribeSecret', {SecretId})).Tags.map((t) => [t.Key, t.Value]));
  await call('TagResources', {'ResourceId.1': one, 'ResourceId.2': two, 'Tag.1.Key': 'env', 'Tag.1.Value': folder, 'Tag.2.Key': 'bare'});
  assert.deepEqual([await tags(one), await tags(two), await tags(other)], [{env: folder, bare: ''}, {env: folder, bare: ''}, {}]);
  assert.deepEqual((await send('ListSecrets', {Filters: [{Key: 'tag-value', Values: [folder]}]})).SecretList.map((s) => s.Name), [one, two]);
  const listed = (await call('ListTagResources', {'Tag.1.Key': 'env', 'Tag.1.Value': folder})).TagResources.TagResource;
  assert.deepEqual(listed, [one, two].flatMap((ResourceId) => [['env', folder], ['bare', '']]
    .map(([TagKey, TagValue]) => ({ResourceId, ResourceType: 'secret', TagKey, TagValue}))));
  assert.equal((await call('ListTagResources', {'ResourceId.1': other})).TagResources.TagResource.length, 0);
  // a tag allows what it is on, and all change or none
  const user = await newUser(server, `tagged${Date.now()}`, [allow('kms:UntagResources', '*', {StringEquals: {'kms:tag/env': folder}})]);
  await refused(call('UntagResources', {'ResourceId.1': one, 'ResourceId.2': other, All: true}, user), 'Forbidden.NoPermission', 403);
  await refused(call('ListTagResources', {}, user), 'Forbidden.NoPermission', 403);
  await refused(call('TagResources', {'ResourceId.1': one, 'ResourceId.2': 'nothing', 'Tag.1.Key': 'x'}), 'Forbidden.ResourceNotFound', 404);
  await refused(call('TagResources', {'ResourceId.1': one, 'ResourceId.2': one, 'Tag.1.Key': 'x'}), 'InvalidParameter', 400);
  await refused(call('TagResources', {'ResourceId.1': one, 'Tag.1.Key': 'acs:x'}), 'InvalidParameter', 400);
  await refused(call('TagResources', {'ResourceId.1': one, 'Tag.1.Key': 'x', ResourceType: 'bucket'}), 'InvalidParameter', 400);
  await refused(call('UntagResources', {'ResourceId.1': one}), 'MissingParameter', 400);
  assert.deepEqual(await tags(one), {env: folder, bare: ''});
  await call('UntagResources', {'ResourceId.1': one, 'TagKey.1': 'bare'}, user);
  await call('UntagResources', {'ResourceId.1': two, All: true}, user);
  assert.deepEqual([await tags(one), await tags(two)], [{env: folder}, {}]);
});

test('tags of several certificates at once', async () => {
  const call = (action, more) => clients.open(server)('kms', action, more);
  const at = {RegionId: 'cn-hangzhou', ResourceType: 'certificate'}, value = crypto.randomUUID();
  const {CertificateId} = await call('CreateCertificate', {Subject: 'CN=example.org', KeySpec: 'EC_P256'});
  await call('TagResources', {...at, 'ResourceId.1': CertificateId, 'Tag.1.Key': 'team', 'Tag.1.Value': value});
  assert.deepEqual((await call('ListTagResources', {...at, 'Tag.1.Key': 'team', 'Tag.1.Value': value})).TagResources.TagResource,
    [{ResourceId: CertificateId, ResourceType: 'certificate', TagKey: 'team', TagValue: value}]);
  await call('UntagResources', {...at, 'ResourceId.1': CertificateId, All: true});
  assert.deepEqual((await call('ListTagResources', {...at, 'ResourceId.1': CertificateId})).TagResources.TagResource, []);
});

test('several values at once', async () => {
  const folder = `batch/${crypto.randomUUID()}`, names = ['a', 'b', 'c'].map((n) => `${folder}/${n}`);
  const SecretBinary = crypto.randomBytes(100);
  const first = await send('CreateSecret', {Name: names[0], SecretString: 'value a', Tags: [{Key: 'team', Value: 'red'}]});
  await send('CreateSecret', {Name: names[1], SecretBinary});
  await send('CreateSecret', {Name: names[2], SecretString: 'value c'});
  await send('DeleteSecret', {SecretId: names[2], RecoveryWindowInDays: 7});
  const got = await send('BatchGetSecretValue', {SecretIdList: [names[1], 'nothing', names[2], first.ARN]});
  assert.deepEqual(got.SecretValues.map((v) => [v.Name, v.VersionStages]), [[names[1], ['AWSCURRENT']], [names[0], ['AWSCURRENT']]]);
  assert.deepEqual(Buffer.from(got.SecretValues[0].SecretBinary), SecretBinary);
  assert.equal(got.SecretValues[0].SecretString, undefined);
  assert.equal(got.SecretValues[1].SecretString, 'value a');
  assert.equal(got.SecretValues[1].ARN, first.ARN);
  assert.equal(got.SecretValues[1].VersionId, first.VersionId);
  assert.deepEqual(got.Errors.map((e) => [e.SecretId, e.ErrorCode]),
    [['nothing', 'ResourceNotFoundException'], [names[2], 'InvalidRequestException']]);
  assert.equal(got.NextToken, undefined);
  // by filters, a page at a time
  const Filters = [{Key: 'name', Values: [folder]}];
  const page = await send('BatchGetSecretValue', {Filters, MaxResults: 1});
  assert.deepEqual([page.SecretValues.map((v) => v.Name), page.Errors], [[names[0]], []]);
  const rest = await send('BatchGetSecretValue', {Filters, MaxResults: 1, NextToken: page.NextToken});
  assert.deepEqual([rest.SecretValues.map((v) => v.Name), rest.NextToken], [[names[1]], undefined]);
  const red = await send('BatchGetSecretValue', {Filters: [...Filters, {Key: 'tag-value', Values: ['red']}]});
  assert.deepEqual(red.SecretValues.map((v) => v.SecretString), ['value a']);
  const none = await send('BatchGetSecretValue', {Filters: [{Key: 'name', Values: [`${folder}/x`]}]});
  assert.deepEqual([none.SecretValues, none.Errors], [[], []]);
  // what cannot be meant
  for (const input of [{}, {SecretIdList: [names[0]], Filters}, {SecretIdList: [names[0]], MaxResults: 1},
    {Filters: [{Key: 'colour', Values: ['x']}]}, {SecretIdList: Array(21).fill(names[0])}]) {
    await assert.rejects(send('BatchGetSecretValue', input), (e) => /Invalid(Parameter|Request)|ValidationException/.test(e.name));
  }
  await wrong(send('BatchGetSecretValue', {SecretIdList: [names[0]], NextToken: 'nonsense'}), 'InvalidNextTokenException');
});

test('several values at once: what does not fit in one answer comes with the next', async () => {
  const names = Array.from({length: 14}, (_, i) => `large/${crypto.randomUUID()}/${i}`), values = {};
  for (const Name of names) {
    values[Name] = crypto.randomBytes(32700).toString('hex');
    await send('CreateSecret', {Name, SecretString: values[Name]});
  }
  const seen = {};
  let NextToken, pages = 0;
  do {
    const got = await send('BatchGetSecretValue', {SecretIdList: names, NextToken});
    assert.deepEqual(got.Errors, []);
    for (const v of got.SecretValues) seen[v.Name] = v.SecretString;
    NextToken = got.NextToken;
    pages++;
  } while (NextToken);
  assert.deepEqual(seen, values);
  assert.equal(pages, 2);
});

test('several values at once: each is allowed on its own, and the trail tells which', async () => {
  const folder = `own/${crypto.randomUUID()}`, [mine, theirs, tagged, keyed] = ['mine', 'theirs', 'tagged', 'keyed'].map((n) => `${folder}/${n}`);
  const keyId = (await kms.createKey({})).keyMetadata.keyId;
  for (const Name of [mine, theirs]) await send('CreateSecret', {Name, SecretString: Name});
  await send('CreateSecret', {Name: tagged, SecretString: tagged, Tags: [{Key: 'owner', Value: 'eve'}]});
  await send('CreateSecret', {Name: keyed, SecretString: keyed, KmsKeyId: keyId});
  const user = await newUser(server, `batch${Date.now()}`, [
    allow('kms:BatchGetSecretValue'), allow('kms:ListSecrets'),
    allow('kms:GetSecretValue', [`acs:kms:*:*:secret/${mine}`, `acs:kms:*:*:secret/${keyed}`]),
    allow('kms:GetSecretValue', '*', {StringEquals: {'kms:tag/owner': 'eve'}})]);
  const ask = manager(user);
  const got = await ask('BatchGetSecretValue', {SecretIdList: [tagged, theirs, mine, keyed, `${folder}/none`]});
  assert.deepEqual(got.SecretValues.map((v) => v.SecretString), [tagged, mine]); // a tag of one allows no other
  assert.deepEqual(got.Errors.map((e) => [e.SecretId, e.ErrorCode]), [theirs, keyed, `${folder}/none`].map((n) => [n, 'AccessDeniedException']));
  await send('PutResourcePolicy', {SecretId: mine, ResourcePolicy: JSON.stringify({Version: '2012-10-17', Statement: [
    {Effect: 'Deny', Principal: '*', Action: 'secretsmanager:GetSecretValue', Resource: '*'}]})});
  const filtered = await ask('BatchGetSecretValue', {Filters: [{Key: 'name', Values: [folder]}]});
  assert.deepEqual(filtered.SecretValues.map((v) => v.SecretString), [tagged]);
  const few = await newUser(server, `few${Date.now()}`, [allow('kms:GetSecretValue')]);
  await wrong(manager(few)('BatchGetSecretValue', {SecretIdList: [mine]}), 'AccessDeniedException');
  const found = (await events(server, {EventName: 'BatchGetSecretValue'})).filter((e) => e.userIdentity.userName === user.name);
  const told = found.find((e) => e.requestParameters.SecretIdList);
  assert.deepEqual(told.responseElements.secrets.map((e) => [e.secretName, Boolean(e.versionId), e.errorCode]), [[tagged, true, undefined],
    [theirs, false, 'NoPermission'], [mine, true, undefined], [keyed, false, 'NoPermission'],
    [`${folder}/none`, false, 'NoPermission']]);
  assert.equal(told.keyUse.length, 2); // each use has its witness
  assert.ok(!JSON.stringify(found).includes('"SecretString"'));
});

test('several values at once through Alibaba\'s calls', async () => {
  const folder = `rpc/${crypto.randomUUID()}`;
  await kms.createSecret({secretName: `${folder}/a`, versionId: 'v1', secretData: 'first'});
  await kms.putSecretValue({secretName: `${folder}/a`, versionId: 'v2', secretData: 'second'});
  await kms.createSecret({secretName: `${folder}/b`, versionId: 'v1', secretData: Buffer.from([0, 255]).toString('base64'), secretDataType: 'binary'});
  const pop = clients.pop(server, clients.VERSIONS.kms);
  const list = [{SecretName: `${folder}/a`}, {SecretName: `${folder}/a`, VersionId: 'v1'}, {SecretName: `${folder}/a`, VersionStage: 'ACSPrevious'},
    {SecretName: `${folder}/b`}, {SecretName: `${folder}/none`}, {SecretName: `${folder}/a`, VersionId: 'v9'}];
  const check = (got) => {
    assert.deepEqual(got.SecretValues.map((v) => [v.SecretName, v.VersionId, v.SecretData, v.VersionStages.VersionStage]), [
      [`${folder}/a`, 'v2', 'second', ['ACSCurrent']], [`${folder}/a`, 'v1', 'first', ['ACSPrevious']], [`${folder}/a`, 'v1', 'first', ['ACSPrevious']],
      [`${folder}/b`, 'v1', 'AP8=', ['ACSCurrent']]]);
    assert.deepEqual(got.Errors.map((e) => [e.SecretName, e.Code, e.HttpStatus]), [
      [`${folder}/none`, 'Forbidden.ResourceNotFound', 404], [`${folder}/a`, 'Forbidden.ResourceNotFound', 404]]);
  };
  check(await pop.request('BatchGetSecretValue', {SecretsList: JSON.stringify(list)}, {method: 'POST'}));
  check(await pop.request('BatchGetSecretValue', {SecretsList: list}, {method: 'POST'})); // as SecretsList.1.SecretName …
  for (const wrongList of [undefined, '[]', '{}', '[{"VersionId":"v1"}]', JSON.stringify(Array(21).fill(list[0]))]) {
    await assert.rejects(pop.request('BatchGetSecretValue', wrongList ? {SecretsList: wrongList} : {}, {method: 'POST'}), /InvalidParameter|MissingParameter/);
  }
});

test('lists in the order that is asked for', async () => {
  const folder = `order/${crypto.randomUUID()}`, Filters = [{Key: 'name', Values: [folder]}], names = ['b', 'a', 'c', 'd'].map((n) => `${folder}/${n}`);
  for (const Name of names) await send('CreateSecret', {Name, SecretString: 'x', Description: 'The Description'});
  const all = async (more) => {
    const found = [];
    let NextToken;
    do {
      const page = await send('ListSecrets', {Filters, MaxResults: 2, NextToken, ...more});
      assert.ok(page.SecretList.length <= 2);
      found.push(...page.SecretList);
      NextToken = page.NextToken;
    } while (NextToken);
    return found;
  };
  const namesOf = async (more) => (await all(more)).map((s) => s.Name);
  const sorted = [...names].sort();
  assert.deepEqual(await namesOf({}), sorted);
  assert.deepEqual(await namesOf({SortBy: 'name', SortOrder: 'desc'}), [...sorted].reverse());
  assert.deepEqual(await namesOf({SortBy: 'name', SortOrder: 'asc'}), sorted);
  const inTime = (list, field, step) => list.every((s, i) => i === 0 || step * (s[field] - list[i - 1][field]) >= 0);
  for (const [SortOrder, step] of [['asc', 1], ['desc', -1]]) {
    const found = await all({SortOrder});
    assert.ok(found.length === 4 && inTime(found, 'CreatedDate', step));
    const changed = await all({SortOrder, SortBy: 'last-changed-date'});
    assert.ok(changed.length === 4 && inTime(changed, 'LastChangedDate', step));
    assert.equal(new Set(changed.map((s) => s.Name)).size, 4);
  }
  assert.deepEqual((await send('ListSecrets', {Filters: [...Filters, {Key: 'description', Values: ['the desc']}]})).SecretList.length, 4);
  assert.deepEqual((await send('ListSecrets', {Filters: [...Filters, {Key: 'owning-service', Values: ['rds']}]})).SecretList, []);
  await wrong(send('ListSecrets', {SortOrder: 'asc', NextToken: 'nonsense'}), 'InvalidNextTokenException');
  await assert.rejects(send('ListSecrets', {SortBy: 'last-accessed-date'}));
  await assert.rejects(send('ListSecrets', {Filters: [{Key: 'name', Values: []}]}));
});
