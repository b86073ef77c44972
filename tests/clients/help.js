// What several test files need: users with policies, expected refusals, requests signed by hand.
'use strict';
const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const http = require('node:http');
const clients = require('./clients');

// A user with an access key, and with the policy statements given (none: may do nothing).
async function newUser(server, name, statements = []) {
  const ram = clients.ram(server);
  await ram.createUser({userName: name});
  const {body} = await ram.createAccessKey({userName: name});
  if (statements.length) {
    await ram.createPolicy({policyName: `${name}-may`, policyDocument: policy(statements)});
    await ram.attachPolicyToUser({policyName: `${name}-may`, policyType: 'Custom', userName: name});
  }
  return {id: body.accessKey.accessKeyId, secret: body.accessKey.accessKeySecret, name};
}

const policy = (statements) => JSON.stringify({Version: '1', Statement: statements});
const allow = (action, resource = '*', condition) =>
  ({Effect: 'Allow', Action: action, Resource: resource, ...(condition && {Condition: condition})});
const deny = (action, resource = '*', condition) => ({...allow(action, resource, condition), Effect: 'Deny'});

// The call (or each of several) must fail with exactly this code, and this HTTP status where the client tells one.
async function refused(call, code, status) {
  if (Array.isArray(call)) return Promise.all(call.map((each) => refused(each, code, status)));
  let answer;
  try {
    answer = await call;
  } catch (error) {
    // the KMS package appends "Error" to the code
    assert.ok([code, `${code}Error`].includes(error.code), `${error.code} is not ${code}: ${error.stack}`);
    const http = error.status || error.statusCode || (error.data && (error.data.HttpStatus || error.data.statusCode));
    if (status && http) assert.equal(Number(http), status, error.message);
    return error;
  }
  return assert.fail(`was not refused with ${code}: ${JSON.stringify(answer && answer.body || answer)}`);
}

const enc = (text) => encodeURIComponent(text).replace(/[!'()*]/g, (c) => '%' + c.charCodeAt(0).toString(16).toUpperCase());
const now = (offset_s = 0) => new Date(Date.now() + offset_s * 1000).toISOString().replace(/\.\d+Z$/, 'Z');
const nonce = () => crypto.randomUUID();

// Parameters of an RPC request with a V1 signature; `more` overrides the common ones (undefined takes one away).
function signV1(who, version, action, parameters, more = {}, method = 'POST') {
  const all = {Action: action, Version: version, Format: 'JSON', AccessKeyId: who.id, SignatureMethod: 'HMAC-SHA1',
    SignatureVersion: '1.0', SignatureNonce: nonce(), Timestamp: now(), ...parameters, ...more};
  for (const name of Object.keys(all)) if (all[name] === undefined) delete all[name];
  const canonical = Object.keys(all).sort().map((k) => `${enc(k)}=${enc(String(all[k]))}`).join('&');
  const text = `${method}&%2F&${enc(canonical)}`;
  all.Signature = crypto.createHmac('sha1', who.secret + '&').update(text).digest('base64');
  return Object.keys(all).map((k) => `${enc(k)}=${enc(String(all[k]))}`).join('&');
}

// Headers of an RPC request with a V3 signature.
function signV3(who, server, version, action, {query = '', body = '', headers = {}} = {}) {
  const hash = (data) => crypto.createHash('sha256').update(data).digest('hex');
  const all = {host: server.host, 'x-acs-action': action, 'x-acs-version': version, 'x-acs-date': now(),
    'x-acs-signature-nonce': nonce(), 'x-acs-content-sha256': hash(body), ...headers};
  const names = Object.keys(all).sort();
  const canonical = ['POST', '/', query, ...names.map((n) => `${n}:${all[n]}`), '', names.join(';'), all['x-acs-content-sha256']];
  const text = 'ACS3-HMAC-SHA256\n' + hash(canonical.join('\n'));
  const signature = crypto.createHmac('sha256', who.secret).update(text).digest('hex');
  return {...all, authorization: `ACS3-HMAC-SHA256 Credential=${who.id},SignedHeaders=${names.join(';')},Signature=${signature}`};
}

// One HTTP request as it is: {status, headers, body (Buffer), json()}.
function raw(server, {method = 'POST', path = '/', headers = {}, body, localAddress} = {}) {
  return new Promise((resolve, reject) => {
    const request = http.request({host: '127.0.0.1', port: server.port, method, path, headers, agent: false, localAddress}, (answer) => {
      const parts = [];
      answer.on('data', (part) => parts.push(part));
      answer.on('error', reject);
      answer.on('end', () => {
        const all = Buffer.concat(parts);
        resolve({status: answer.statusCode, headers: answer.headers, body: all, json: () => JSON.parse(all.toString())});
      });
    });
    request.on('error', reject);
    request.end(body);
  });
}

// Asks until the answer is truthy; the trail and background work need no fixed waits.
async function until(ask, what, wait_ms = 10000) {
  const end = Date.now() + wait_ms;
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    assert.ok(Date.now() < end, `did not happen in ${wait_ms} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

// All events with these attributes, newest first.
async function events(server, attributes) {
  const call = clients.open(server);
  const query = {MaxResults: '50'};
  Object.entries(attributes).forEach(([key, value], i) => {
    query[`LookupAttribute.${i + 1}.Key`] = key;
    query[`LookupAttribute.${i + 1}.Value`] = value;
  });
  const found = [];
  for (let token; ;) {
    const page = await call('actiontrail', 'LookupEvents', token ? {...query, NextToken: token} : query);
    found.push(...page.Events);
    token = page.NextToken;
    if (!token) return found;
  }
}

const base64 = (data) => Buffer.from(data).toString('base64');

module.exports = {newUser, policy, allow, deny, refused, enc, now, nonce, signV1, signV3, raw, until, events, base64};
