// The unmodified clients, configured for a running Keyhold. Credentials are {id, secret, token?}.
'use strict';
const kmsPackage = require('@alicloud/kms20160120');
const {$OpenApiUtil} = require('@alicloud/openapi-core');
const ramPackage = require('@alicloud/ram20150501');
const stsPackage = require('@alicloud/sts20150401');
const imsPackage = require('@alicloud/ims20190815');
const {default: Open, Config, Params, OpenApiRequest} = require('@alicloud/openapi-client');
const {RuntimeOptions} = require('@alicloud/tea-util');
const {RPCClient} = require('@alicloud/pop-core');
const OSS = require('ali-oss');

const WAIT_MS = 20000;

// Lets methods take plain objects, from which the package's own request is made: createKey({...}) → CreateKeyRequest.
function withRequests(client, package_) {
  return new Proxy(client, {
    get(target, name) {
      const Request = package_[`${String(name).charAt(0).toUpperCase()}${String(name).slice(1)}Request`];
      return Request ? (fields = {}) => target[name](new Request(fields)) : target[name];
    },
  });
}

function kms(server, who = server.owner, wait_ms = WAIT_MS) {
  const session = who.token ? {type: 'sts', securityToken: who.token} : {type: 'access_key'};
  return withRequests(new kmsPackage.default({endpoint: server.host, protocol: 'http', accessKeyId: who.id, accessKeySecret: who.secret,
    readTimeout: wait_ms, connectTimeout: wait_ms, ...session}), kmsPackage);
}

function openApiConfig(server, who) {
  return new $OpenApiUtil.Config({endpoint: server.host, protocol: 'http', accessKeyId: who.id,
    accessKeySecret: who.secret, securityToken: who.token, readTimeout: WAIT_MS, connectTimeout: WAIT_MS});
}

const ram = (server, who = server.owner) => withRequests(new ramPackage.default(openApiConfig(server, who)), ramPackage);
const ims = (server, who = server.owner) => withRequests(new imsPackage.default(openApiConfig(server, who)), imsPackage);
const sts = (server, who = server.owner) => withRequests(new stsPackage.default(openApiConfig(server, who)), stsPackage);

// pop-core: request(action, parameters, options)
function pop(server, apiVersion, who = server.owner) {
  return new RPCClient({endpoint: server.http, apiVersion, accessKeyId: who.id, accessKeySecret: who.secret,
    securityToken: who.token, opts: {timeout: WAIT_MS}});
}

const VERSIONS = {kms: '2016-01-20', ram: '2015-05-01', sts: '2015-04-01', actiontrail: '2020-07-06', keyhold: '2026-01-01'};

// The generic client: call(product, action, query, {body, method, more configuration}) gives the answer's body.
function open(server, who = server.owner, more = {}) {
  const client = new Open(new Config({endpoint: server.host, protocol: 'http', accessKeyId: who.id,
    accessKeySecret: who.secret, securityToken: who.token, ...more}));
  return async (product, action, query = {}, {body, method = 'POST', authType = 'AK'} = {}) => {
    const parameters = new Params({action, version: VERSIONS[product], protocol: (more.protocol || 'http').toUpperCase(),
      method, pathname: '/', style: 'RPC', authType, reqBodyType: 'formData', bodyType: 'json'});
    const answer = await client.callApi(parameters, new OpenApiRequest({query, body}),
      new RuntimeOptions({readTimeout: WAIT_MS, connectTimeout: WAIT_MS}));
    return answer.body;
  };
}

// V4 by default; {authorizationV4: false} for V1.
function oss(server, who = server.owner, more = {}) {
  return new OSS({endpoint: `http://localhost:${server.port}`, sldEnable: true, authorizationV4: true,
    region: 'oss-cn-hangzhou', accessKeyId: who.id, accessKeySecret: who.secret, stsToken: who.token,
    timeout: WAIT_MS, ...more});
}

module.exports = {kms, ims, ram, sts, pop, open, oss, OSS, VERSIONS};
