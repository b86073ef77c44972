// Every method of the RAM, STS, IAM packages, as the packages themselves list them: each is known here, or refused with the reason.
'use strict';
const assert = require('node:assert/strict');
const {test, before, after} = require('node:test');
const ramPackage = require('@alicloud/ram20150501');
const stsPackage = require('@alicloud/sts20150401');
const iamPackage = require('@aws-sdk/client-iam');
const awsStsPackage = require('@aws-sdk/client-sts');
const clients = require('./clients');
const {start} = require('./server');

let server;
before(async () => { server = await start(); });
after(() => server.stop());

const failure = (call) => call.then(() => null, (error) => error);

for (const [name, packaged, least] of [['ram', ramPackage, 60], ['sts', stsPackage, 4]])
  test(`@alicloud ${name}: every method is known`, async () => {
    const client = clients[name](server);
    const methods = Object.getOwnPropertyNames(packaged.default.prototype).filter((m) => m.endsWith('WithOptions')).map((m) => m.slice(0, -'WithOptions'.length));
    assert.ok(methods.length >= least, methods.length);
    const unknown = [];
    for (const method of methods) {
      const error = await failure(client[method]({}));
      if (error && /^(InvalidAction|InvalidApi|NoSuchVersion|InternalError|UnsupportedHTTP)/.test(error.code || 'InternalError')) unknown.push(`${method}: ${error.code} ${error.message}`);
    }
    assert.deepEqual(unknown, []);
  });

for (const [name, packaged, Client, least] of [['client-iam', iamPackage, iamPackage.IAMClient, 170], ['client-sts', awsStsPackage, awsStsPackage.STSClient, 8]])
  test(`@aws-sdk/${name}: every command is known, or refused with the reason`, async () => {
    const client = new Client({region: 'us-east-1', endpoint: `http://${server.host}`, maxAttempts: 1, credentials: {accessKeyId: server.owner.id, secretAccessKey: server.owner.secret}});
    const commands = Object.keys(packaged).filter((k) => /^[A-Z].*Command$/.test(k) && k !== '$Command');
    assert.ok(commands.length >= least, commands.length);
    const unexplained = [], refused = [];
    for (const command of commands) {
      const error = await failure(client.send(new packaged[command]({})));
      const isRefused = error && (error.name === 'InvalidAction' || /^InvalidAction/.test(error.Code || ''));
      if (isRefused && !/This is not supported: \w/.test(error.message)) unexplained.push(`${command}: ${error.message}`);
      if (isRefused) refused.push(command);
      if (error && /ServiceFailure|InternalFailure/.test(error.name)) unexplained.push(`${command}: ${error.name}`);
    }
    assert.deepEqual(unexplained, []);
    assert.ok(refused.length < commands.length / 2, `${refused.length} of ${commands.length} are refused`);
    client.destroy();
  });
