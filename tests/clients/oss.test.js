// ali-oss 6.23.0, with V4 and with V1 signatures, in headers and in URLs.
'use strict';
const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const http = require('node:http');
const net = require('node:net');
const {Readable, PassThrough} = require('node:stream');
const {test, before, after} = require('node:test');
const clients = require('./clients');
const {newUser, allow, deny, refused, raw, until, events} = require('./help');
const {start} = require('./server');

let server;
const buckets = {};

before(async () => {
  server = await start();
  for (const version of VERSIONS) {
    buckets[version.name] = `bucket-${version.name}`;
    await oss(version).putBucket(buckets[version.name]);
  }
});
after(() => server.stop());

const VERSIONS = [{name: 'v4', authorizationV4: true}, {name: 'v1', authorizationV4: false}];
const oss = (version = VERSIONS[0], who = server.owner, more = {}) =>
  clients.oss(server, who, {authorizationV4: version.authorizationV4, bucket: buckets[version.name], ...more});

// CRC-64/XZ, the slow way: an independent check of what the server says.
function crc64(data) {
  let crc = 0xffffffffffffffffn;
  for (const byte of data) {
    crc ^= BigInt(byte);
    for (let i = 0; i < 8; i++) crc = crc & 1n ? (crc >> 1n) ^ 0xc96c5795d7870f42n : crc >> 1n;
  }
  return String(crc ^ 0xffffffffffffffffn);
}
const md5 = (data, form) => crypto.createHash('md5').update(data).digest(form);

for (const version of VERSIONS) {
  const v = version.name;

  test(`${v}: put, get, head, delete`, async () => {
    const store = oss(version), data = crypto.randomBytes(100000), name = 'dir/a b+é~!*\'()&=%25 \u{1F511}.txt';
    const put = await store.put(name, data, {mime: 'text/x-test', meta: {uid: 1, slogan: 'a=b&c'},
      headers: {'Cache-Control': 'max-age=7', 'Content-Disposition': 'attachment; filename="x"', 'Content-Encoding': 'identity', Expires: 'Thu, 01 Jan 2037 00:00:00 GMT'}});
    assert.equal(put.res.headers.etag, `"${md5(data, 'hex').toUpperCase()}"`);
    assert.equal(put.res.headers['content-md5'], md5(data, 'base64'));
    assert.equal(put.res.headers['x-oss-hash-crc64ecma'], crc64(data));
    assert.equal(put.res.headers['x-oss-server-side-encryption'], 'AES256');
    const got = await store.get(name);
    assert.ok(got.content.equals(data));
    const head = await store.head(name);
    assert.deepEqual(head.meta, {uid: '1', slogan: 'a=b&c'});
    for (const headers of [got.res.headers, head.res.headers]) {
      assert.equal(headers['content-type'], 'text/x-test');
      assert.equal(headers['content-length'], String(data.length));
      assert.equal(headers['cache-control'], 'max-age=7');
      assert.equal(headers['content-disposition'], 'attachment; filename="x"');
      assert.equal(headers['content-encoding'], 'identity');
      assert.equal(headers.expires, 'Thu, 01 Jan 2037 00:00:00 GMT');
      assert.equal(headers.etag, put.res.headers.etag);
      assert.equal(headers['x-oss-object-type'], 'Normal');
      assert.equal(headers['x-oss-hash-crc64ecma'], crc64(data));
      assert.equal(headers['x-oss-server-side-encryption'], 'AES256');
      assert.ok(Math.abs(Date.parse(headers['last-modified']) - Date.now()) < 60e3);
      assert.match(headers['x-oss-request-id'], /^[0-9A-F]{24}$/);
    }
    await store.delete(name);
    const gone = await refused(store.get(name), 'NoSuchKey', 404);
    assert.match(gone.requestId, /^[0-9A-F]{24}$/);
    await store.delete(name); // no failure when there is none
  });

  test(`${v}: objects of no bytes, one byte, at and around a chunk's end, of 20 MB`, async () => {
    const store = oss(version);
    for (const size of [0, 1, 16383, 16384, 16385, 32768, 20 << 20]) {
      const data = crypto.randomBytes(size);
      await store.put('sized', data);
      const got = await store.get('sized');
      assert.ok(got.content.equals(data), String(size));
      assert.equal(got.res.headers.etag, `"${md5(data, 'hex').toUpperCase()}"`);
    }
    assert.equal((await store.put('empty', Buffer.alloc(0))).res.headers['x-oss-hash-crc64ecma'], '0');
    assert.equal((await store.put('hello', Buffer.from('hello'))).res.headers['x-oss-hash-crc64ecma'], '11177612005948864433');
  });

  test(`${v}: streams without a length`, async () => {
    const store = oss(version), parts = Array.from({length: 40}, (_, i) => crypto.randomBytes(1 + i * 997));
    const whole = Buffer.concat(parts);
    const put = await store.putStream('streamed', Readable.from(parts));
    assert.equal(put.res.headers['x-oss-hash-crc64ecma'], crc64(whole));
    assert.ok((await store.get('streamed')).content.equals(whole));
    const {stream} = await store.getStream('streamed');
    const read = [];
    for await (const part of stream) read.push(part);
    assert.ok(Buffer.concat(read).equals(whole));
    await store.putStream('streamed-empty', Readable.from([]));
    assert.equal((await store.get('streamed-empty')).content.length, 0);
  });

  test(`${v}: ranges`, async () => {
    const store = oss(version), data = crypto.randomBytes(50000);
    await store.put('ranges', data);
    const ranges = [['bytes=0-0', 0, 0], ['bytes=0-16383', 0, 16383], ['bytes=16383-16384', 16383, 16384], ['bytes=49999-', 49999, 49999],
      ['bytes=40000-99999', 40000, 49999], ['bytes=-1', 49999, 49999], ['bytes=-60000', 0, 49999], ['bytes=20000-40000', 20000, 40000]];
    for (const [Range, first, last] of ranges) {
      const got = await store.get('ranges', {headers: {Range}});
      assert.equal(got.res.status, 206, Range);
      assert.equal(got.res.headers['content-range'], `bytes ${first}-${last}/50000`);
      assert.ok(got.content.equals(data.subarray(first, last + 1)), Range);
      assert.equal(got.res.headers['x-oss-hash-crc64ecma'], crc64(data));
    }
    for (const Range of ['bytes=5-4', 'items=0-1', 'bytes=a-b', 'bytes=0-1,3-4', 'bytes=-'])
      assert.equal((await store.get('ranges', {headers: {Range}})).content.length, 50000, Range);
    await refused(store.get('ranges', {headers: {Range: 'bytes=50000-'}}), 'InvalidRange', 416);
    await store.put('ranges-empty', Buffer.alloc(0));
    await refused(store.get('ranges-empty', {headers: {Range: 'bytes=0-'}}), 'InvalidRange', 416);
  });

  test(`${v}: conditions`, async () => {
    const store = oss(version);
    const {res: {headers: {etag}}} = await store.put('conditions', Buffer.from('c'));
    const past = 'Mon, 01 Jan 2001 00:00:00 GMT', future = new Date(Date.now() + 3600e3).toUTCString();
    const get = (headers) => store.get('conditions', {headers});
    for (const headers of [{'If-Match': etag}, {'If-None-Match': '"0"'}, {'If-Modified-Since': past}, {'If-Unmodified-Since': future}])
      assert.equal((await get(headers)).content.toString(), 'c');
    for (const headers of [{'If-Match': '"0"'}, {'If-Unmodified-Since': past}])
      await refused(get(headers), 'PreconditionFailed', 412);
    for (const headers of [{'If-None-Match': etag}, {'If-Modified-Since': future}]) {
      assert.equal((await store.head('conditions', {headers})).status, 304);
      const answer = await store.get('conditions', {headers}).then((r) => r.res.status, (e) => e.status);
      assert.equal(answer, 304);
    }
    await refused(store.head('conditions', {headers: {'If-Match': '"0"'}}), 'PreconditionFailed', 412);
    await refused(store.put('conditions', Buffer.from('d'), {headers: {'x-oss-forbid-overwrite': 'true'}}), 'FileAlreadyExists', 409);
    assert.equal((await get({})).content.toString(), 'c');
  });

  test(`${v}: what a client says of its body is checked`, async () => {
    const store = oss(version), body = Buffer.from('checked');
    await store.put('checked', body, {headers: {'Content-MD5': md5(body, 'base64'), 'x-oss-hash-crc64ecma': crc64(body)}});
    await refused(store.put('unchecked', body, {headers: {'Content-MD5': md5('other', 'base64')}}), 'InvalidDigest', 400);
    await refused(store.put('unchecked', body, {headers: {'Content-MD5': 'AAAA'}}), 'InvalidDigest', 400);
    await refused(store.put('unchecked', body, {headers: {'x-oss-hash-crc64ecma': '1'}}), 'InvalidCRC64', 400);
    await refused(store.get('unchecked'), 'NoSuchKey', 404);
  });

  test(`${v}: copies`, async () => {
    const store = oss(version), from = 'copy/from é+ %41.txt', data = crypto.randomBytes(70000);
    const put = await store.put(from, data, {mime: 'text/one', meta: {a: 'kept'}});
    const copied = await store.copy('copy/to', from);
    assert.equal(copied.data.etag, put.res.headers.etag);
    const head = await store.head('copy/to');
    assert.equal(head.meta.a, 'kept');
    assert.equal(head.res.headers['content-type'], 'text/one');
    assert.ok((await store.get('copy/to')).content.equals(data));
    await store.copy('copy/new', from, {meta: {b: 'new'}, headers: {'x-oss-metadata-directive': 'REPLACE', 'Content-Type': 'text/two'}});
    const renewed = await store.head('copy/new');
    assert.deepEqual(renewed.meta, {b: 'new'});
    assert.equal(renewed.res.headers['content-type'], 'text/two');
    await store.copy(from, from, {meta: {c: 'self'}, headers: {'x-oss-metadata-directive': 'REPLACE'}});
    assert.deepEqual((await store.head(from)).meta, {c: 'self'});
    assert.ok((await store.get(from)).content.equals(data));
    await refused(store.copy('copy/x', 'copy/none'), 'NoSuchKey', 404);
    await refused(store.copy('copy/x', from, {headers: {'x-oss-copy-source-if-match': '"0"'}}), 'PreconditionFailed', 412);
    await store.putBucket(`${buckets[v]}-second`);
    const second = oss(version, server.owner, {bucket: `${buckets[v]}-second`});
    await second.copy('far', from, buckets[v]);
    assert.ok((await second.get('far')).content.equals(data));
    await second.delete('far');
    await second.deleteBucket(`${buckets[v]}-second`);
  });

  test(`${v}: many at once: deleting, listing with prefix, delimiter and pages`, async () => {
    const name = `${buckets[v]}-lists`;
    const store = oss(version, server.owner, {bucket: name});
    await store.putBucket(name);
    const names = ['a', 'a/1', 'a/2', 'a/b/3', 'b/1', 'c&<>"\'', 'd\te', 'é/1', 'z z', '\u{1F511}'];
    for (const each of names) await store.put(each, Buffer.from(each));
    const sorted = [...names].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));

    const first = await store.list({'max-keys': 1000});
    assert.deepEqual(first.objects.map((o) => o.name), sorted);
    assert.equal(first.isTruncated, false);
    const one = first.objects.find((o) => o.name === 'a/1');
    assert.equal(one.etag, `"${md5('a/1', 'hex').toUpperCase()}"`);
    assert.equal(one.size, 3);
    assert.equal(one.owner.id, server.accountId);
    assert.equal((await store.list({'max-keys': 1000, 'encoding-type': 'url'})).objects.length, names.length);

    for (const size of [1, 2, 3]) {
      const seen = [], seen2 = [];
      let marker, token;
      do {
        const page = await store.list(marker ? {'max-keys': size, marker} : {'max-keys': size});
        assert.ok(page.objects.length <= size);
        seen.push(...page.objects.map((o) => o.name));
        marker = page.nextMarker;
      } while (marker);
      do {
        const page = await store.listV2(token ? {'max-keys': size, 'continuation-token': token} : {'max-keys': size});
        assert.equal(Number(page.keyCount), page.objects.length);
        seen2.push(...page.objects.map((o) => o.name));
        token = page.nextContinuationToken;
      } while (token);
      assert.deepEqual(seen, sorted);
      assert.deepEqual(seen2, sorted);
    }

    const top = await store.list({delimiter: '/', 'max-keys': 1000});
    assert.deepEqual(top.prefixes, ['a/', 'b/', 'é/']);
    assert.deepEqual(top.objects.map((o) => o.name), sorted.filter((n) => !n.includes('/')));
    const inner = await store.listV2({prefix: 'a/', delimiter: '/', 'max-keys': '1000'});
    assert.deepEqual(inner.prefixes, ['a/b/']);
    assert.deepEqual(inner.objects.map((o) => o.name), ['a/1', 'a/2']);
    const paged = [];
    for (let marker; ;) {
      const page = await store.list(marker ? {delimiter: '/', 'max-keys': 1, marker} : {delimiter: '/', 'max-keys': 1});
      paged.push(...(page.objects || []).map((o) => o.name), ...(page.prefixes || []));
      if (!page.isTruncated) break;
      marker = page.nextMarker;
    }
    assert.deepEqual([...paged].sort(), [...sorted.filter((n) => !n.includes('/')), 'a/', 'b/', 'é/'].sort());
    assert.deepEqual((await store.list({prefix: 'none', 'max-keys': 10})).objects || [], []);
    assert.deepEqual((await store.listV2({'start-after': 'c', 'max-keys': '1'})).objects.map((o) => o.name), [sorted.find((n) => n > 'c')]);

    await refused(store.deleteBucket(name), 'BucketNotEmpty', 409);
    const gone = await store.deleteMulti(['a', 'a/1', 'c&<>"\'', 'never-there'], {quiet: false});
    assert.equal(gone.deleted.length, 4);
    const quiet = await store.deleteMulti(['a/2'], {quiet: true});
    assert.equal((quiet.deleted || []).length, 0);
    await store.deleteMulti(names);
    assert.deepEqual((await store.list({'max-keys': 10})).objects || [], []);
    await store.deleteBucket(name);
    await refused(store.list({'max-keys': 1}), 'NoSuchBucket', 404);
  });

  test(`${v}: buckets`, async () => {
    const store = oss(version), name = `${buckets[v]}-life`;
    await store.putBucket(name);
    await store.putBucket(name); // one's own again is no failure
    const {buckets: listed} = await store.listBuckets({prefix: buckets[v]});
    assert.deepEqual(listed.map((b) => b.name), [buckets[v], name]);
    const {bucket: info} = await store.getBucketInfo(name);
    assert.equal(info.Name, name);
    assert.equal(info.Location, 'oss-cn-hangzhou');
    assert.equal(info.Owner.ID, server.accountId);
    assert.equal((await store.getBucketLocation(name)).location, 'oss-cn-hangzhou');
    assert.equal((await store.getBucketACL(name)).acl, 'private');
    await store.deleteBucket(name);
    await refused(store.getBucketInfo(name), 'NoSuchBucket', 404);
    await refused(store.deleteBucket(name), 'NoSuchBucket', 404);
    await refused(store.putBucket(`${name}-public`, {acl: 'public-read'}), 'NotImplemented', 400);
  });

  test(`${v}: a bucket's policy is set, felt, shown and removed`, async () => {
    const store = oss(version), bucket = `policy-${v}`, reader = await newUser(server, `reads-${v}`);
    await store.putBucket(bucket);
    const put = oss(version, server.owner, {bucket}), read = oss(version, reader, {bucket});
    await put.put('a', Buffer.from('x'));
    await refused(read.get('a'), 'AccessDenied', 403);
    const policy = {Version: '1', Statement: [{Effect: 'Allow', Action: ['oss:GetObject'], Resource: [`acs:oss:*:*:${bucket}/*`],
      Principal: ['1999999999999999', server.accountId]}, {Effect: 'Allow', Action: ['oss:GetObject'], Resource: [`acs:oss:*:*:${bucket}/*`],
      Principal: {RAM: [`acs:ram::${server.accountId}:user/reads-${v}`]}}]};
    assert.equal((await store.putBucketPolicy(bucket, policy)).status, 200);
    assert.equal((await read.get('a')).content.toString(), 'x');
    assert.deepEqual((await store.getBucketPolicy(bucket)).policy, policy);
    const everybody = {Version: '1', Statement: [{Effect: 'Allow', Action: ['oss:GetObject'], Resource: ['*'], Principal: ['*']}]};
    await refused(store.putBucketPolicy(bucket, everybody), 'AccessDenied', 403);
    await refused(store.putBucketPolicy(bucket, {Version: '1'}), 'InvalidPolicyDocument', 400);
    assert.equal((await store.deleteBucketPolicy(bucket)).status, 204);
    await refused(read.get('a'), 'AccessDenied', 403);
    const none = await store.getBucketPolicy(bucket); // this client takes the refusal for an answer
    assert.equal(none.status, 404);
    assert.match(none.res.data.toString(), /NoSuchBucketPolicy/);
  });

  test(`${v}: new buckets encrypt, and under the key that was chosen`, async () => {
    const store = oss(version), kms = clients.kms(server), name = `${buckets[v]}-sse`;
    await store.putBucket(name);
    assert.equal((await store.getBucketEncryption(name)).encryption.SSEAlgorithm, 'AES256');
    store.useBucket(name);
    const service = await store.put('by-service', Buffer.from('s'));
    assert.equal(service.res.headers['x-oss-server-side-encryption'], 'AES256');

    const {keyMetadata: {keyId}} = await kms.createKey({});
    await store.putBucketEncryption(name, {SSEAlgorithm: 'KMS', KMSMasterKeyID: keyId});
    const {encryption} = await store.getBucketEncryption(name);
    assert.equal(encryption.SSEAlgorithm, 'KMS');
    assert.equal(encryption.KMSMasterKeyID, keyId);
    const data = crypto.randomBytes(40000);
    const put = await store.put('by-key', data);
    assert.equal(put.res.headers['x-oss-server-side-encryption'], 'KMS');
    assert.equal(put.res.headers['x-oss-server-side-encryption-key-id'], keyId);
    assert.equal((await store.head('by-service')).res.headers['x-oss-server-side-encryption'], 'AES256');

    await kms.disableKey({keyId});
    await refused(store.get('by-key'), 'KeyDisabled', 409);
    await refused(store.put('new', data), 'KeyDisabled', 409);
    await refused(store.copy('moved', 'by-key'), 'KeyDisabled', 409);
    assert.equal((await store.get('by-service')).content.toString(), 's');
    await kms.enableKey({keyId});
    assert.ok((await store.get('by-key')).content.equals(data));

    const {keyMetadata: {keyId: other}} = await kms.createKey({});
    const named = await store.put('by-other', data, {headers: {'x-oss-server-side-encryption': 'KMS', 'x-oss-server-side-encryption-key-id': other}});
    assert.equal(named.res.headers['x-oss-server-side-encryption-key-id'], other);
    await kms.scheduleKeyDeletion({keyId: other, pendingWindowInDays: 7});
    await refused(store.get('by-other'), 'KeyPendingDeletion', 409);
    await refused(store.put('x', data, {headers: {'x-oss-server-side-encryption': 'KMS', 'x-oss-server-side-encryption-key-id': crypto.randomUUID()}}), 'KeyNotFound', 404);
    await refused(store.put('x', data, {headers: {'x-oss-server-side-encryption': 'ROT13'}}), 'InvalidEncryptionAlgorithmError', 400);
    await refused(store.put('x', data, {headers: {'x-oss-server-side-encryption': 'AES256', 'x-oss-server-side-encryption-key-id': keyId}}), 'InvalidArgument', 400);
    await refused(store.putBucketEncryption(name, {SSEAlgorithm: 'KMS', KMSMasterKeyID: crypto.randomUUID()}), 'KeyNotFound', 404);
    await store.deleteBucketEncryption(name);
    assert.equal((await store.getBucketEncryption(name)).encryption.SSEAlgorithm, 'AES256');
  });

  test(`${v}: signed URLs`, async () => {
    const store = oss(version), data = Buffer.from('by url'), key = 'urls/a b+é.txt';
    const signed = (method, seconds = 60, headers) => version.authorizationV4
      ? store.signatureUrlV4(method, seconds, {headers: headers || {}}, key)
      : store.signatureUrl(key, {method, expires: seconds, 'Content-Type': headers && headers['content-type']});
    const fetchUrl = (url, options) => raw(server, {path: new URL(url).pathname + new URL(url).search,
      ...options, headers: {host: `localhost:${server.port}`, ...(options && options.headers)}});
    const put = await fetchUrl(await signed('PUT', 60, {'content-type': 'text/plain'}), {method: 'PUT', body: data, headers: {'content-type': 'text/plain', 'content-length': data.length}});
    assert.equal(put.status, 200, put.body.toString());
    const url = await signed('GET');
    for (let i = 0; i < 2; i++) {
      const got = await fetchUrl(url, {method: 'GET'});
      assert.equal(got.status, 200, got.body.toString());
      assert.ok(got.body.equals(data));
    }
    const code = (answer) => /<Code>([^<]*)<\/Code>/.exec(answer.body.toString())[1];
    const forPut = await fetchUrl(url, {method: 'PUT', body: 'x', headers: {'content-length': 1}});
    assert.deepEqual([forPut.status, code(forPut)], [403, 'SignatureDoesNotMatch']);
    const other = await fetchUrl(url.replace('urls/', 'urlz/'), {method: 'GET'});
    assert.deepEqual([other.status, code(other)], [403, 'SignatureDoesNotMatch']);
    const early = new URL(await signed('GET', 1));
    const late = await until(async () => {
      const answer = await fetchUrl(String(early), {method: 'GET'});
      return answer.status === 200 ? undefined : answer;
    }, 'the URL expires');
    assert.deepEqual([late.status, code(late)], [403, 'AccessDenied']);
    const longer = String(early).replace(/(Expires|x-oss-expires)=(\d+)/, (_, n, value) => `${n}=${Number(value) + 3600}`);
    assert.equal(code(await fetchUrl(longer, {method: 'GET'})), 'SignatureDoesNotMatch');
    const both = await fetchUrl(url, {method: 'GET', headers: {authorization: 'OSS x:y'}});
    assert.deepEqual([both.status, code(both)], [400, 'InvalidArgument']);
  });

  test(`${v}: response-* parameters of a signed URL`, async () => {
    const store = oss(version);
    await store.put('response', Buffer.from('r'), {mime: 'text/plain'});
    if (version.authorizationV4) {
      const url = new URL(await store.signatureUrlV4('GET', 60, {headers: {}, queries: {'response-content-type': 'text/other'}}, 'response'));
      const got = await raw(server, {method: 'GET', path: url.pathname + url.search, headers: {host: url.host}});
      assert.equal(got.headers['content-type'], 'text/other');
      return;
    }
    const url = new URL(store.signatureUrl('response', {expires: 60, response: {'content-type': 'text/other', 'content-disposition': 'inline'}}));
    const got = await raw(server, {method: 'GET', path: url.pathname + url.search, headers: {host: url.host}});
    assert.equal(got.headers['content-type'], 'text/other');
    assert.equal(got.headers['content-disposition'], 'inline');
  });

  test(`${v}: a user without a policy gets nothing, a narrow one only what it says`, async () => {
    const mine = oss(version);
    await mine.put('open/x', Buffer.from('open'));
    await mine.put('shut/x', Buffer.from('shut'));
    const nobody = oss(version, await newUser(server, `nobody-${v}`));
    await refused([nobody.get('open/x'), nobody.put('open/y', Buffer.from('y')), nobody.delete('open/x'), nobody.list({'max-keys': 1}),
      nobody.listBuckets(), nobody.head('open/x'), nobody.deleteMulti(['open/x']), nobody.putBucket(`bucket-of-nobody-${v}`)], 'AccessDenied', 403);
    const bucket = `acs:oss:*:${server.accountId}:${buckets[v]}`;
    const kms = allow(['kms:GenerateDataKey', 'kms:Decrypt'], 'acs:kms:*:*:key/*');
    const narrow = oss(version, await newUser(server, `narrow-${v}`, [kms, allow(['oss:GetObject', 'oss:PutObject'], `${bucket}/open/*`),
      allow('oss:ListObjects', bucket, {StringLike: {'oss:Prefix': ['open/*']}}), deny('oss:PutObject', `${bucket}/open/locked*`)]));
    assert.equal((await narrow.get('open/x')).content.toString(), 'open');
    await narrow.put('open/mine', Buffer.from('m'));
    assert.deepEqual((await narrow.list({prefix: 'open/', 'max-keys': 10})).objects.map((o) => o.name), ['open/mine', 'open/x']);
    await refused([narrow.get('shut/x'), narrow.put('open/locked1', Buffer.from('l')), narrow.delete('open/mine'), narrow.list({'max-keys': 1}),
      narrow.copy('open/stolen', 'shut/x'), narrow.copy('shut/new', 'open/x'), narrow.getBucketInfo(buckets[v]), narrow.deleteMulti(['open/mine'])], 'AccessDenied', 403);
    assert.equal((await mine.get('open/mine')).content.toString(), 'm');
  });

  test(`${v}: the caller needs the key's permission, too`, async () => {
    const kms = clients.kms(server), mine = oss(version);
    const {keyMetadata: {keyId}} = await kms.createKey({});
    await mine.put('keyed', Buffer.from('k'), {headers: {'x-oss-server-side-encryption': 'KMS', 'x-oss-server-side-encryption-key-id': keyId}});
    const reader = await newUser(server, `reader-${v}`, [allow('oss:*')]);
    await refused(oss(version, reader).get('keyed'), 'AccessDenied', 403);
    const ram = clients.ram(server);
    await ram.attachPolicyToUser({policyName: 'AliyunKMSCryptoUserAccess', policyType: 'System', userName: `reader-${v}`});
    assert.equal((await oss(version, reader).get('keyed')).content.toString(), 'k');
  });

  test(`${v}: a wrong secret, an unknown access key, a wrong clock`, async () => {
    await refused(oss(version, {...server.owner, secret: 'wrong'}).listBuckets(), 'SignatureDoesNotMatch', 403);
    await refused(oss(version, {...server.owner, secret: 'wrong'}).get('none'), 'SignatureDoesNotMatch', 403);
    await refused(oss(version, {id: 'LTAInobody', secret: 'x'}).listBuckets(), 'SignatureDoesNotMatch', 403);
    const slow = oss(version);
    slow.options.amendTimeSkewed = -16 * 60e3;
    await refused(slow.listBuckets(), 'RequestTimeTooSkewed', 403).catch((error) => {
      // the client corrects its clock by itself and asks again: then the second attempt went through
      assert.match(String(error.message), /was not refused/);
    });
  });

  test(`${v}: errors of HEAD travel in a header`, async () => {
    const store = oss(version);
    await refused(store.head('never-there'), 'NoSuchKey', 404);
    const nobody = oss(version, {...server.owner, secret: 'wrong'});
    await refused(nobody.head('never-there'), 'SignatureDoesNotMatch', 403);
    // the client takes every 404 of HEAD for a missing object, so look at what was sent
    const away = oss(version, server.owner, {bucket: 'never-made'});
    const url = new URL(version.authorizationV4 ? await away.signatureUrlV4('HEAD', 60, {headers: {}}, 'x') : away.signatureUrl('x', {method: 'HEAD'}));
    const answer = await raw(server, {method: 'HEAD', path: url.pathname + url.search, headers: {host: url.host}});
    assert.equal(answer.status, 404);
    assert.match(Buffer.from(answer.headers['x-oss-err'], 'base64').toString(), /<Code>NoSuchBucket<\/Code>.*<RequestId>[0-9A-F]{24}</s);
  });

  test(`${v}: names`, async () => {
    const store = oss(version);
    // the client itself resolves "." and ".." in paths, so these are not among them
    for (const name of ['...', 'a/...', 'a//b', '//a', 'a/', ' ', '%', '%2F', '?', '#', '+', '\\x', 'a\u0001b', 'x'.repeat(1023)]) {
      const outcome = await store.put(name, Buffer.from(name)).then(() => 'stored', (e) => e.code);
      if (outcome !== 'stored') {
        assert.ok(['InvalidObjectName', 'InvalidArgument'].includes(outcome), `${JSON.stringify(name)}: ${outcome}`);
        continue;
      }
      assert.equal((await store.get(name)).content.toString(), name, JSON.stringify(name));
      await store.delete(name);
      await refused(store.get(name), 'NoSuchKey', 404);
    }
    await assert.rejects(store.put('x'.repeat(1024), Buffer.from('x')));
  });
}

test('an IP as endpoint: the bucket is in the Host header', async () => {
  for (const more of [{}, {sldEnable: true}]) {
    for (const version of VERSIONS) {
      const store = clients.oss(server, server.owner, {endpoint: server.http, sldEnable: false, authorizationV4: version.authorizationV4,
        bucket: buckets.v4, ...more});
      await store.put('by/ip', Buffer.from('ip'));
      assert.equal((await store.get('by/ip')).content.toString(), 'ip');
      assert.ok((await store.listBuckets()).buckets.length >= 2);
    }
  }
});

test('anonymous requests are refused', async () => {
  for (const path of ['/', `/${buckets.v4}/`, `/${buckets.v4}/x`]) {
    const answer = await raw(server, {method: 'GET', path, headers: {host: `localhost:${server.port}`}});
    assert.equal(answer.status, 403);
    assert.match(answer.body.toString(), /<Code>AccessDenied<\/Code>/);
  }
});

test('what a signed request does not cover changes nothing', async () => {
  const store = oss();
  await store.put('covered', Buffer.from('c'));
  const url = new URL(await store.signatureUrlV4('GET', 60, {headers: {}}, 'covered'));
  for (const more of ['&acl', '&x-oss-process=x', '&versionId=1', '&uploads']) {
    const answer = await raw(server, {method: 'GET', path: url.pathname + url.search + more, headers: {host: url.host}});
    assert.notEqual(answer.status, 200, more);
  }
});

test('operations that this server does not have say so', async () => {
  const store = oss();
  await refused(store.initMultipartUpload('multi'), 'NotImplemented', 400);
  await refused(store.putACL('covered', 'public-read'), 'NotImplemented', 400);
  await refused(store.putBucketLifecycle(buckets.v4, [{prefix: 'x', status: 'Enabled', expiration: {days: 1}}]), 'NotImplemented', 400);
});

test('an upload that breaks off leaves nothing', async () => {
  const store = oss();
  await store.put('broken', Buffer.from('before'));
  for (const length of [undefined, 1 << 20]) {
    const body = new PassThrough();
    const request = http.request({host: '127.0.0.1', port: server.port, method: 'PUT', ...signedPut('broken', length)});
    request.on('error', () => {});
    body.pipe(request);
    body.write(crypto.randomBytes(300000));
    await new Promise((resolve) => request.once('socket', (s) => s.connecting ? s.once('connect', resolve) : resolve()));
    await new Promise((resolve) => setTimeout(resolve, 200)); // so that part of the body has arrived
    request.destroy();
    await until(async () => (await events(server, {EventName: 'PutObject'})).some((e) => e.errorCode === 'RequestTimeout'), 'the broken upload is recorded');
    assert.equal((await store.get('broken')).content.toString(), 'before');
  }
});

// Headers of a PUT with a V1 signature, made by hand.
function signedPut(key, length) {
  const date = new Date().toUTCString(), resource = `/${buckets.v4}/${key}`;
  const text = `PUT\n\napplication/octet-stream\n${date}\nx-oss-date:${date}\n${resource}`;
  const signature = crypto.createHmac('sha1', server.owner.secret).update(text).digest('base64');
  return {path: resource, headers: {host: `localhost:${server.port}`, 'x-oss-date': date, 'content-type': 'application/octet-stream',
    authorization: `OSS ${server.owner.id}:${signature}`, ...(length ? {'content-length': length} : {'transfer-encoding': 'chunked'})}};
}

test('framing that could be read in two ways is refused', async () => {
  const send = (head) => new Promise((resolve) => {
    const socket = net.connect(server.port, '127.0.0.1', () => socket.write(head));
    let answer = '';
    socket.on('data', (data) => { answer += data; });
    socket.on('close', () => resolve(answer));
    socket.on('error', () => resolve(answer));
    socket.setTimeout(3000, () => socket.destroy());
  });
  const {path, headers} = signedPut('framed', 5);
  const lines = (more) => `PUT ${path} HTTP/1.1\r\n` + Object.entries({...headers, connection: 'close'}).filter(([n]) => n !== 'content-length')
    .map(([n, v]) => `${n}: ${v}\r\n`).join('') + more.map((l) => `${l}\r\n`).join('') + '\r\n';
  for (const [more, body] of [[['Content-Length: 5', 'Content-Length: 6'], 'hello'], [['Content-Length: 5', 'Transfer-Encoding: chunked'], '0\r\n\r\n'],
    [['Content-Length: -1'], ''], [['Content-Length: 5x'], 'hello'], [['Transfer-Encoding: chunked, identity'], '0\r\n\r\n'], [['Transfer-Encoding: chunked'], 'zz\r\nhello\r\n0\r\n\r\n']]) {
    const answer = await send(lines(more) + body);
    assert.ok(!/^HTTP\/1\.1 200/.test(answer), `${more}: ${answer}`);
  }
  await refused(oss().head('framed'), 'NoSuchKey', 404);
});

test('twenty uploads and downloads at once', async () => {
  const store = oss();
  const work = Array.from({length: 20}, async (_, i) => {
    const data = crypto.randomBytes(500000 + i);
    await store.put(`parallel/${i}`, data);
    assert.ok((await store.get(`parallel/${i}`)).content.equals(data));
  });
  await Promise.all(work);
  assert.equal((await store.list({prefix: 'parallel/', 'max-keys': 100})).objects.length, 20);
});

test('the last of several writers of one object wins, and it is whole', async () => {
  const store = oss();
  const all = Array.from({length: 10}, (_, i) => Buffer.alloc(100000, i));
  await Promise.all(all.map((data) => store.put('contended', data)));
  const {content} = await store.get('contended');
  assert.ok(all.some((data) => data.equals(content)));
});

test('who reads or copies an object while it is written anew gets one state of it, whole', async () => {
  const store = oss();
  await store.put('renewed', Buffer.alloc(60000, 0));
  const isOne = (content) => content.length === 60000 && content.every((byte) => byte === content[0]);
  let writing = true;
  const write = (async () => {
    for (let i = 1; i <= 60; i++) await store.put('renewed', Buffer.alloc(60000, i));
    writing = false;
  })();
  const readers = Array.from({length: 6}, async (_, i) => {
    while (writing) {
      assert.ok(isOne((await store.get('renewed')).content));
      await store.copy(`renewed-${i}`, 'renewed');
      assert.ok(isOne((await store.get(`renewed-${i}`)).content));
    }
  });
  await Promise.all([write, ...readers]);
});
