// Starts a throw-away Keyhold for one test file and makes clients for it. Before it is stopped every refusal it gave is looked at: is it
// explained, and is that true (tests/explained.py)?
'use strict';
const {spawn, spawnSync} = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const readline = require('node:readline');

const build = path.resolve(process.env.KEYHOLD_BUILD || path.join(__dirname, '..', '..', 'build'));
const START_MS = 20000;
const STOP_MS = 15000;

function command() {
  const places = [path.join(build, 'src', 'cli', 'keyhold'), path.join(build, 'src', 'role', 'keyhold-supervisor')];
  const program = places.find((place) => fs.existsSync(place));
  if (!program) throw new Error(`no keyhold in ${build}: build it first, or set KEYHOLD_BUILD`);
  return [program, ['serve', '--in-memory', '-o', 'json', '--http', '127.0.0.1:0', '--https', '127.0.0.1:0']];
}

function readReadyLine(child, log) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`not ready in ${START_MS} ms: ${log.join('')}`)), START_MS);
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      clearTimeout(timer);
      reject(new Error(`ended (${code || signal}) before it was ready: ${log.join('')}`));
    });
    readline.createInterface({input: child.stdout}).on('line', (line) => {
      if (!line.startsWith('{')) return;
      const told = JSON.parse(line);
      if (!told.ready) return;
      clearTimeout(timer);
      resolve(told);
    });
  });
}

function lookAtRefusals(http, told) {
  const asked = {http, data: told.data, accounts: {[told.accountId]: [told.accessKeyId, told.accessKeySecret]}};
  const done = spawnSync('python3', [path.join(__dirname, '..', 'explained.py')], {input: JSON.stringify(asked), encoding: 'utf8', timeout: 60000});
  if (done.status !== 0) throw new Error(`tests/explained.py: ${done.stderr || done.error}`);
  const {count, wrong} = JSON.parse(done.stdout);
  if (wrong.length) throw new Error(`${wrong.length} refusals are not explained as they are:\n${wrong.slice(0, 5).join('\n')}`);
  const {refusals = 0, ...others} = count;
  if (Object.keys(count).length) console.log(`${refusals} refusals explained: ${Object.entries(others).map(([what, n]) => `${n} ${what}`).join(', ')}`);
}

// {http, https, accountId, accessKeyId, accessKeySecret, ca, port, owner, log, stop()}
// `flags` are further words of the command: ['--region', 'x'].
async function start(flags = []) {
  const [program, standard] = command();
  const args = [...standard, ...flags];
  const log = [];
  const child = spawn(program, args, {stdio: ['ignore', 'pipe', 'pipe']});
  child.stderr.on('data', (data) => log.push(String(data)));
  const ended = new Promise((resolve) => child.once('exit', (code, signal) => resolve({code, signal})));
  const told = await readReadyLine(child, log);
  const withScheme = (scheme, address) => address.includes('://') ? address : `${scheme}://${address}`;
  const url = new URL(withScheme('http', told.http));
  const end = async () => {
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
    const how = await ended;
    clearTimeout(timer);
    return how;
  };
  const stop = async () => {
    try {
      if (child.exitCode === null && child.signalCode === null) lookAtRefusals(url.host, told);
    } finally {
      await end();
    }
    return ended;
  };
  process.once('exit', () => child.kill('SIGKILL'));
  return {
    ...told, log, stop, pid: child.pid,
    http: url.origin,
    https: withScheme('https', told.https),
    host: `127.0.0.1:${url.port}`,
    port: Number(url.port),
    owner: {id: told.accessKeyId, secret: told.accessKeySecret},
  };
}

module.exports = {start};
