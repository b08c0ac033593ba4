// node-redis (on npm: redis) as a client of the server $SERVER, in RESP2 and in
// RESP3. Both are to give the same: that is what the client promises.
//
//   export NODE_PATH=build/node/node_modules
//   SERVER=../milestone6_persistence/server node clients/node_redis_test.js
//   SERVER=clients/redis-server node --test-name-pattern=lists \
//       clients/node_redis_test.js
'use strict';

const {deepStrictEqual: equal, ok, rejects} = require('node:assert');
const {randomBytes} = require('node:crypto');
const {once} = require('node:events');
const {after, before, beforeEach, describe, it} = require('node:test');
const {ErrorReply, RESP_TYPES, createClient} = require('redis');
const {Server, everyByte} = require('./server.js');

// `equal` looks at prototypes too, and maps come without: so {...map} below.

// Only a server that hangs ever takes so long.
const test = (name, body) => it(name, {timeout: 120_000}, body);

const bytes = (client) =>
    client.withTypeMapping({[RESP_TYPES.BLOB_STRING]: Buffer});

async function pages(iterator) {
  const all = [];
  for await (const page of iterator) all.push(...page);
  return all;
}

function testAll(RESP) {
  function clientOf(server, {socket, ...options} = {}) {
    const client = createClient(
        {RESP, socket: {host: '127.0.0.1', port: server.port, ...socket},
          ...options});
    client.on('error', () => {});  // commands report errors
    return client;
  }

  // A client for as long as the test `t` takes.
  async function connect(t, server, options) {
    const client = clientOf(server, options);
    t.after(() => client.isOpen && client.destroy());
    return client.connect();
  }

  let server;
  let r;

  before(async () => {
    server = await Server.start();
    r = await clientOf(server).connect();
  });
  beforeEach(() => r.flushAll());
  after(() => {
    r.destroy();
    return server.close();
  });

  test('strings', async () => {
    equal(await r.set('name', 'Alice'), 'OK');
    equal(await r.set('name', 'Bob', {condition: 'NX'}), null);
    equal(await r.set('name', 'Bob', {GET: true}), 'Alice');
    equal(await r.get('name'), 'Bob');
    equal(await r.get('nobody'), null);
    equal(await r.set('grüße', '世界'), 'OK');
    equal(await r.get('grüße'), '世界');
    equal(await r.setNX('name', 'x'), 0);
    equal(await r.getSet('name', 'Carol'), 'Bob');
    equal(await r.mSet({a: '1', b: '2'}), 'OK');
    equal(await r.mSetNX({b: '3', c: '3'}), 0);
    equal(await r.mGet(['a', 'nosuch', 'b']), ['1', null, '2']);
    equal(await r.append('name', 'ine'), 8);
    equal(await r.strLen('name'), 8);
    equal(await r.getRange('name', 0, -5), 'Caro');
    equal(await r.setRange('name', 5, 'yn'), 8);
    equal(await r.getDel('name'), 'Carolyne');
    equal(await r.incr('n'), 1);
    equal(await r.incrBy('n', 41), 42);
    equal(await r.decrBy('n', 2), 40);
    equal(await r.incrByFloat('n', 0.5), '40.5');
  });

  test('lists', async () => {
    equal(await r.rPush('color', ['red', 'blue', 'orange']), 3);
    equal(await r.lPush('color', 'green'), 4);
    equal(await r.rPushX('nosuch', 'x'), 0);
    equal(await r.lRange('color', 0, -1), ['green', 'red', 'blue', 'orange']);
    equal(await r.lLen('color'), 4);
    equal(await r.lIndex('color', -1), 'orange');
    equal(await r.lIndex('color', 9), null);
    equal(await r.lInsert('color', 'BEFORE', 'blue', 'pink'), 5);
    equal(await r.lSet('color', 0, 'red'), 'OK');
    equal(await r.lPos('color', 'red'), 0);
    equal(await r.lPosCount('color', 'red', 0), [0, 1]);
    equal(await r.lRem('color', 0, 'red'), 2);
    equal(await r.lTrim('color', 0, 1), 'OK');
    equal(await r.lMove('color', 'other', 'LEFT', 'RIGHT'), 'pink');
    equal(await r.rPopLPush('color', 'other'), 'blue');
    equal(await r.lmPop(['color', 'other'], 'LEFT', {COUNT: 5}),
          ['other', ['blue', 'pink']]);
    equal(await r.lPop('color'), null);
    equal(await r.rPopCount('color', 2), null);
  });

  test('hashes', async () => {
    equal(await r.hSet('user', {name: 'prem', age: 21}), 2);
    equal(await r.hSet('user', 'age', 22), 0);
    equal(await r.hSetNX('user', 'age', '23'), 0);
    equal(await r.hGet('user', 'name'), 'prem');
    equal(await r.hGet('user', 'nosuch'), null);
    equal(await r.hmGet('user', ['age', 'nosuch']), ['22', null]);
    equal({...await r.hGetAll('user')}, {name: 'prem', age: '22'});
    equal({...await r.hGetAll('nobody')}, {});
    equal((await r.hKeys('user')).sort(), ['age', 'name']);
    equal((await r.hVals('user')).sort(), ['22', 'prem']);
    equal(await r.hLen('user'), 2);
    equal(await r.hExists('user', 'name'), 1);
    equal(await r.hStrLen('user', 'name'), 4);
    equal(await r.hIncrBy('user', 'age', 8), 30);
    equal(await r.hIncrByFloat('user', 'age', 0.5), '30.5');
    equal(await r.hDel('user', ['name', 'nosuch']), 1);
    equal(await r.hRandField('user'), 'age');
    equal(await r.hRandFieldCountWithValues('user', 1),
          [{field: 'age', value: '30.5'}]);
  });

  test('sorted sets', async () => {
    const alice = {value: 'alice', score: 10};
    const bob = {value: 'bob', score: 12.5};
    const carol = {value: 'carol', score: -Infinity};
    equal(await r.zAdd('board', [alice, bob, carol]), 3);
    equal(await r.zAdd('board', {...alice, score: 11}, {CH: true}), 1);
    equal(await r.zAddIncr('board', {...alice, score: 1}), 12);
    equal(await r.zIncrBy('board', 0.1, 'bob'), 12.6);
    equal(await r.zScore('board', 'carol'), -Infinity);
    equal(await r.zScore('board', 'nobody'), null);
    equal(await r.zmScore('board', ['alice', 'nobody']), [12, null]);
    equal(await r.zCard('board'), 3);
    equal(await r.zRank('board', 'bob'), 2);
    equal(await r.zRevRank('board', 'nobody'), null);
    equal(await r.zCount('board', '(12', '+inf'), 1);
    equal(await r.zRange('board', 0, -1), ['carol', 'alice', 'bob']);
    equal(await r.zRangeWithScores('board', 0, 0, {REV: true}),
          [{value: 'bob', score: 12.6}]);
    equal(await r.zRangeByScoreWithScores('board', -Infinity, 12),
          [carol, {value: 'alice', score: 12}]);
    equal((await r.zRandMemberCountWithScores('board', 3)).length, 3);
    equal(await r.zAdd('names', ['ann', 'ben', 'cid'].map(
        (value) => ({value, score: 0}))), 3);
    equal(await r.zRangeByLex('names', '[ann', '(cid'), ['ann', 'ben']);
    equal(await r.zAdd('even', [{value: 'alice', score: 2},
                                {value: 'dave', score: 4}]), 2);
    equal(await r.zInterWithScores(['board', 'even']),
          [{value: 'alice', score: 14}]);
    equal(await r.zDiff(['even', 'board']), ['dave']);
    equal(await r.zUnionStore('all', ['board', 'even']), 4);
    equal(await r.zPopMax('all'), {value: 'alice', score: 14});
    equal(await r.zPopMinCount('all', 2), [carol, {value: 'dave', score: 4}]);
    equal(await r.zmPop(['all'], 'MAX'),
          {key: 'all', members: [{value: 'bob', score: 12.6}]});
    equal(await r.zRemRangeByRank('board', 0, 0), 1);
    equal(await r.zRem('board', ['alice', 'nobody']), 1);
  });

  test('keys and expiry', async () => {
    await r.mSet({a: '1', b: '2', c: '3'});
    equal((await r.keys('[ab]')).sort(), ['a', 'b']);
    equal(await r.exists(['a', 'a', 'nosuch']), 2);
    equal(await r.type('a'), 'string');
    equal(await r.rename('a', 'd'), 'OK');
    equal(await r.renameNX('b', 'c'), 0);
    equal(await r.copy('d', 'e'), 1);
    equal(await r.touch(['b', 'nosuch']), 1);
    equal(await r.objectEncoding('b'), 'int');
    equal(await r.del(['b', 'nosuch']), 1);
    equal(await r.unlink('c'), 1);
    ok(['d', 'e'].includes(await r.randomKey()));

    equal(await r.ttl('d'), -1);
    equal(await r.ttl('nosuch'), -2);
    equal(await r.expire('d', 3600), 1);
    equal(await r.expire('d', 1, 'GT'), 0);
    ok(await r.ttl('d') > 3500);
    equal(await r.expireAt('d', 4000000000), 1);
    equal(await r.expireTime('d'), 4000000000);
    equal(await r.pExpireAt('d', 4000000000123), 1);
    equal(await r.pExpireTime('d'), 4000000000123);
    equal(await r.persist('d'), 1);
    equal(await r.setEx('f', 100, 'x'), 'OK');
    equal(await r.getEx('f', {type: 'PERSIST'}), 'x');
    equal(await r.ttl('f'), -1);
    equal(await r.set('f', 'y', {expiration: {type: 'EX', value: 100}}), 'OK');
    equal(await r.set('f', 'z', {expiration: 'KEEPTTL'}), 'OK');
    ok(await r.pTTL('f') > 90_000);
    equal(await r.pExpire('f', -1), 1);
    equal(await r.get('f'), null);
  });

  test('server', async () => {
    equal(await r.ping(), 'PONG');
    equal(await r.echo('hello'), 'hello');
    await r.setEx('key', 1000, 'value');
    equal(await r.dbSize(), 1);
    const info = await r.info();
    ok(/^redis_version:7\.0/m.test(info), info);
    ok(info.includes(`\r\ntcp_port:${server.port}\r\n`), info);
    ok(/^db0:keys=1,expires=1,/m.test(await r.info('keyspace')));
    equal((await r.time()).length, 2);
    equal({...await r.configGet('port')}, {port: String(server.port)});
    equal(await r.configSet('timeout', '0'), 'OK');
    ok(await r.memoryUsage('key') > 0);
    equal(await r.sendCommand(['SAVE']), 'OK');
    equal(await r.flushDb(), 'OK');
  });

  test('HELLO and CLIENT', async (t) => {
    equal((await r.hello()).proto, RESP);
    equal(await r.clientSetName('tester'), 'OK');
    equal(await r.clientGetName(), 'tester');
    const id = await r.clientId();
    equal((await r.clientInfo()).id, id);
    ok((await r.clientList()).some((each) => each.name === 'tester'));
    const other = await connect(t, server, {name: 'other'});
    equal(await other.clientGetName(), 'other');
    const error = once(other, 'error');
    equal(await r.clientKill({filter: 'ID', id: await other.clientId()}), 1);
    await error;
    equal(await other.clientGetName(), 'other');  // it is back
  });

  test('COMMAND', async () => {
    equal((await r.command()).length, await r.commandCount());
    const [get] = await r.commandInfo(['get']);
    equal([get.name, get.arity], ['get', 2]);
    equal([...get.flags].sort(), ['fast', 'readonly']);
    equal([get.firstKeyIndex, get.lastKeyIndex, get.step], [1, 1, 1]);
    equal(await r.commandGetKeys(['MSET', 'a', '1', 'b', '2']), ['a', 'b']);
  });

  test('errors', async () => {
    await r.set('text', 'abc');
    const fails = async (promise, pattern) => {
      await rejects(promise, ErrorReply);
      await rejects(promise, pattern);
    };
    await fails(r.lPush('text', 'x'), /WRONGTYPE Operation against a key/);
    await fails(r.incr('text'), /ERR value is not an integer or out of range/);
    await fails(r.sendCommand(['NOSUCH']), /ERR unknown command 'NOSUCH'/);
    await fails(r.sendCommand(['GET']), /ERR wrong number of arguments for/);
    await fails(r.rename('nosuch', 'x'), /ERR no such key$/);
    await fails(r.lSet('nosuch', 5, 'x'), /ERR no such key$/);
    await fails(r.setEx('a', 0, 'x'), /ERR invalid expire time in 'setex'/);
    equal(await r.ping(), 'PONG');
  });

  test('a pipeline of 10,000', async () => {
    const pipeline = r.multi();
    const expected = [];
    for (let i = 0; i < 5000; ++i) {
      pipeline.set(`key:${i}`, i).get(`key:${i}`);
      expected.push('OK', String(i));
    }
    equal(await pipeline.execAsPipeline(), expected);
    const wrong = r.multi().incr('n').lPush('key:0', 'x').incr('n');
    await rejects(wrong.execAsPipeline(), /WRONGTYPE/);
    equal(await r.get('n'), '2');
  });

  test('10,000 commands at once', async () => {
    const numbers = Array.from({length: 10_000}, () => r.incr('n'));
    equal(await Promise.all(numbers), numbers.map((_, i) => i + 1));
  });

  test('every byte', async () => {
    const b = everyByte;
    const raw = bytes(r);
    equal(await raw.set(b, b), 'OK');
    equal(await raw.get(b), b);
    equal(await raw.keys('*'), [b]);
    await raw.rPush('list', [b, '']);
    equal(await raw.lRange('list', 0, -1), [b, Buffer.alloc(0)]);
    await raw.hSet('hash', b, b);
    equal(await raw.hGet('hash', b), b);
    equal(await raw.hKeys('hash'), [b]);
    await raw.zAdd('zset', {value: b, score: 1});
    equal(await raw.zRange('zset', 0, -1), [b]);
  });

  test('64 megabytes', async () => {
    const big = randomBytes(64 << 20);
    equal(await r.set('big', big), 'OK');
    equal(await r.strLen('big'), 64 << 20);
    ok(big.equals(await bytes(r).get('big')));
  });

  test('scan iterators', async () => {
    const numbers = {};
    for (let i = 0; i < 5000; ++i) numbers[`key:${i}`] = String(i);
    const keys = Object.keys(numbers);
    await r.mSet(numbers);
    await r.hSet('hash', numbers);
    await r.zAdd('zset', keys.map(
        (value) => ({value, score: Number(numbers[value])})));

    const found = new Set(await pages(r.scanIterator()));
    equal(found, new Set([...keys, 'hash', 'zset']));
    const some = await pages(r.scanIterator({MATCH: 'key:7*', COUNT: 1000}));
    equal(new Set(some), new Set(keys.filter((key) => key[4] === '7')));
    equal(await pages(r.scanIterator({TYPE: 'zset'})), ['zset']);
    const fields = await pages(r.hScanIterator('hash'));
    equal(Object.fromEntries(fields.map((f) => [f.field, f.value])), numbers);
    const members = await pages(r.zScanIterator('zset'));
    equal(Object.fromEntries(members.map((m) => [m.value, String(m.score)])),
          numbers);
  });

  test('authentication', async (t) => {
    const locked = await Server.start('--requirepass', 'sesame');
    t.after(() => locked.close());
    const get = async (options) => {
      const client = await connect(
          t, locked, {socket: {reconnectStrategy: false}, ...options});
      return client.get('a');
    };
    await rejects(get({}), /NOAUTH /);
    await rejects(get({password: 'wrong'}), /WRONGPASS invalid username-pass/);
    equal(await get({password: 'sesame'}), null);
    equal(await get({username: 'default', password: 'sesame'}), null);
  });

  test('reconnects by itself', async (t) => {
    const other = await Server.start();
    t.after(() => other.close());
    const client = await connect(
        t, other, {name: 'faithful', socket: {reconnectStrategy: () => 10}});
    await client.set('name', everyByte);
    await client.rPush('list', ['a', 'b']);
    await client.setEx('old', 1000, 'x');
    // Not by once(): that fails on the error event which comes first.
    const lost = new Promise((resolve) => client.once('reconnecting', resolve));
    await other.end();
    await lost;
    const reply = bytes(client).get('name');  // queued until there is a server
    await other.run();
    equal(await reply, everyByte);
    equal(await client.lRange('list', 0, -1), ['a', 'b']);
    ok(await client.ttl('old') > 0);
    equal(await client.dbSize(), 3);
    equal(await client.clientGetName(), 'faithful');
  });
}

describe('node-redis, RESP2', () => testAll(2));
describe('node-redis, RESP3', () => testAll(3));
