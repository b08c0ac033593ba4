// ioredis as a client of the server $SERVER, in RESP2: it has no other.
//
//   export NODE_PATH=build/node/node_modules
//   SERVER=../milestone6_persistence/server node clients/ioredis_test.js
//   SERVER=clients/redis-server node --test-name-pattern=lists \
//       clients/ioredis_test.js
'use strict';

const {deepStrictEqual: equal, ok, rejects} = require('node:assert');
const {randomBytes} = require('node:crypto');
const {once} = require('node:events');
const {after, before, beforeEach, describe, it} = require('node:test');
const Redis = require('ioredis');
const {Server, everyByte} = require('./server.js');

// Only a server that hangs ever takes so long.
const test = (name, body) => it(name, {timeout: 120_000}, body);

function connectTo(server, options = {}) {
  const client = new Redis({host: '127.0.0.1', port: server.port, ...options});
  client.on('error', () => {});  // commands report errors; else ioredis logs
  return client;
}

// A client for as long as the test `t` takes.
function connect(t, server, options) {
  const client = connectTo(server, options);
  t.after(() => client.disconnect());
  return client;
}

describe('ioredis', () => {
  let server;
  let r;

  before(async () => {
    server = await Server.start();
    r = connectTo(server);
  });
  beforeEach(() => r.flushall());
  after(() => {
    r.disconnect();
    return server.close();
  });

  test('strings', async () => {
    equal(await r.set('name', 'Alice'), 'OK');
    equal(await r.set('name', 'Bob', 'NX'), null);
    equal(await r.set('name', 'Bob', 'GET'), 'Alice');
    equal(await r.get('name'), 'Bob');
    equal(await r.get('nobody'), null);
    equal(await r.set('grüße', '世界'), 'OK');
    equal(await r.get('grüße'), '世界');
    equal(await r.setnx('name', 'x'), 0);
    equal(await r.getset('name', 'Carol'), 'Bob');
    equal(await r.mset({a: 1, b: 2}), 'OK');
    equal(await r.msetnx('b', 3, 'c', 3), 0);
    equal(await r.mget('a', 'nosuch', 'b'), ['1', null, '2']);
    equal(await r.append('name', 'ine'), 8);
    equal(await r.strlen('name'), 8);
    equal(await r.getrange('name', 0, -5), 'Caro');
    equal(await r.setrange('name', 5, 'yn'), 8);
    equal(await r.getdel('name'), 'Carolyne');
    equal(await r.incr('n'), 1);
    equal(await r.incrby('n', 41), 42);
    equal(await r.decrby('n', 2), 40);
    equal(await r.incrbyfloat('n', 0.5), '40.5');
  });

  test('lists', async () => {
    equal(await r.rpush('color', 'red', 'blue', 'orange'), 3);
    equal(await r.lpush('color', 'green'), 4);
    equal(await r.rpushx('nosuch', 'x'), 0);
    equal(await r.lrange('color', 0, -1), ['green', 'red', 'blue', 'orange']);
    equal(await r.llen('color'), 4);
    equal(await r.lindex('color', -1), 'orange');
    equal(await r.lindex('color', 9), null);
    equal(await r.linsert('color', 'BEFORE', 'blue', 'pink'), 5);
    equal(await r.lset('color', 0, 'red'), 'OK');
    equal(await r.lpos('color', 'red', 'COUNT', 0), [0, 1]);
    equal(await r.lrem('color', 0, 'red'), 2);
    equal(await r.ltrim('color', 0, 1), 'OK');
    equal(await r.lmove('color', 'other', 'LEFT', 'RIGHT'), 'pink');
    equal(await r.rpoplpush('color', 'other'), 'blue');
    equal(await r.lmpop(2, 'color', 'other', 'LEFT', 'COUNT', 5),
          ['other', ['blue', 'pink']]);
    equal(await r.lpop('color'), null);
  });

  test('hashes', async () => {
    equal(await r.hset('user', {name: 'prem', age: 21}), 2);
    equal(await r.hset('user', new Map([['age', 22]])), 0);
    equal(await r.hsetnx('user', 'age', 23), 0);
    equal(await r.hmset('user', 'age', 22), 'OK');
    equal(await r.hget('user', 'name'), 'prem');
    equal(await r.hget('user', 'nosuch'), null);
    equal(await r.hmget('user', 'age', 'nosuch'), ['22', null]);
    equal(await r.hgetall('user'), {name: 'prem', age: '22'});
    equal(await r.hgetall('nobody'), {});
    equal((await r.hkeys('user')).sort(), ['age', 'name']);
    equal((await r.hvals('user')).sort(), ['22', 'prem']);
    equal(await r.hlen('user'), 2);
    equal(await r.hexists('user', 'name'), 1);
    equal(await r.hstrlen('user', 'name'), 4);
    equal(await r.hincrby('user', 'age', 8), 30);
    equal(await r.hincrbyfloat('user', 'age', 0.5), '30.5');
    equal(await r.hdel('user', 'name', 'nosuch'), 1);
    equal(await r.hrandfield('user', 1, 'WITHVALUES'), ['age', '30.5']);
  });

  test('sorted sets', async () => {
    equal(await r.zadd('board', 10, 'alice', 12.5, 'bob', '-inf', 'carol'), 3);
    equal(await r.zadd('board', 'CH', 11, 'alice'), 1);
    equal(await r.zadd('board', 'INCR', 1, 'alice'), '12');
    equal(await r.zincrby('board', 0.1, 'bob'), '12.6');
    equal(await r.zscore('board', 'carol'), '-inf');
    equal(await r.zscore('board', 'nobody'), null);
    equal(await r.zmscore('board', 'alice', 'nobody'), ['12', null]);
    equal(await r.zcard('board'), 3);
    equal(await r.zrank('board', 'bob'), 2);
    equal(await r.zrevrank('board', 'nobody'), null);
    equal(await r.zcount('board', '(12', '+inf'), 1);
    equal(await r.zrange('board', 0, -1), ['carol', 'alice', 'bob']);
    equal(await r.zrange('board', 0, 0, 'REV', 'WITHSCORES'), ['bob', '12.6']);
    equal(await r.zrangebyscore('board', 0, 20, 'LIMIT', 0, 1), ['alice']);
    equal(await r.zrevrange('board', 0, 1), ['bob', 'alice']);
    equal(await r.zadd('names', 0, 'ann', 0, 'ben', 0, 'cid'), 3);
    equal(await r.zrangebylex('names', '[ann', '(cid'), ['ann', 'ben']);
    equal(await r.zadd('even', 2, 'alice', 4, 'dave'), 2);
    equal(await r.zinter(2, 'board', 'even', 'WITHSCORES'), ['alice', '14']);
    equal(await r.zdiff(2, 'even', 'board'), ['dave']);
    equal(await r.zunionstore('all', 2, 'board', 'even'), 4);
    equal(await r.zpopmax('all'), ['alice', '14']);
    equal(await r.zpopmin('all', 2), ['carol', '-inf', 'dave', '4']);
    equal(await r.zmpop(1, 'all', 'MAX'), ['all', [['bob', '12.6']]]);
    equal(await r.zremrangebyrank('board', 0, 0), 1);
    equal(await r.zrem('board', 'alice', 'nobody'), 1);
  });

  test('keys and expiry', async () => {
    await r.mset({a: 1, b: 2, c: 3});
    equal((await r.keys('[ab]')).sort(), ['a', 'b']);
    equal(await r.exists('a', 'a', 'nosuch'), 2);
    equal(await r.type('a'), 'string');
    equal(await r.rename('a', 'd'), 'OK');
    equal(await r.renamenx('b', 'c'), 0);
    equal(await r.copy('d', 'e'), 1);
    equal(await r.touch('b', 'nosuch'), 1);
    equal(await r.object('ENCODING', 'b'), 'int');
    equal(await r.del('b', 'nosuch'), 1);
    equal(await r.unlink('c'), 1);
    ok(['d', 'e'].includes(await r.randomkey()));

    equal(await r.ttl('d'), -1);
    equal(await r.ttl('nosuch'), -2);
    equal(await r.expire('d', 3600), 1);
    equal(await r.expire('d', 1, 'GT'), 0);
    ok(await r.ttl('d') > 3500);
    equal(await r.expireat('d', 4000000000), 1);
    equal(await r.expiretime('d'), 4000000000);
    equal(await r.pexpireat('d', 4000000000123), 1);
    equal(await r.pexpiretime('d'), 4000000000123);
    equal(await r.persist('d'), 1);
    equal(await r.setex('f', 100, 'x'), 'OK');
    equal(await r.getex('f', 'PERSIST'), 'x');
    equal(await r.ttl('f'), -1);
    equal(await r.set('f', 'y', 'EX', 100), 'OK');
    equal(await r.set('f', 'z', 'KEEPTTL'), 'OK');
    ok(await r.pttl('f') > 90_000);
    equal(await r.pexpire('f', -1), 1);
    equal(await r.get('f'), null);
  });

  test('server', async () => {
    equal(await r.ping(), 'PONG');
    equal(await r.echo('hello'), 'hello');
    await r.set('key', 'value', 'EX', 1000);
    equal(await r.dbsize(), 1);
    const info = await r.info();
    ok(/^redis_version:7\.0/m.test(info), info);
    ok(info.includes(`\r\ntcp_port:${server.port}\r\n`), info);
    ok(info.includes('\r\nrole:master\r\n'), info);
    ok(/^db0:keys=1,expires=1,/m.test(await r.info('keyspace')));
    equal((await r.time()).length, 2);
    equal(await r.config('GET', 'port'), ['port', String(server.port)]);
    equal(await r.config('SET', 'timeout', 0), 'OK');
    ok(await r.memory('USAGE', 'key') > 0);
    equal(await r.save(), 'OK');
    equal(await r.flushdb(), 'OK');
  });

  test('CLIENT', async (t) => {
    equal(await r.client('SETNAME', 'tester'), 'OK');
    equal(await r.client('GETNAME'), 'tester');
    const id = await r.client('ID');
    ok((await r.client('LIST', 'ID', id)).startsWith(`id=${id} addr=127.0.0`));
    const other = connect(t, server, {connectionName: 'other'});
    equal(await other.client('GETNAME'), 'other');
    const closed = once(other, 'close');
    equal(await r.client('KILL', 'ID', await other.client('ID')), 1);
    await closed;
    equal(await other.client('GETNAME'), 'other');  // it is back
  });

  test('COMMAND', async () => {
    equal((await r.command()).length, await r.command('COUNT'));
    const [[name, arity, flags, ...keys], none] =
        await r.command('INFO', 'get', 'nosuch');
    equal([name, arity, flags.sort()], ['get', 2, ['fast', 'readonly']]);
    equal(keys.slice(0, 3), [1, 1, 1]);
    equal(none, null);
    equal(await r.command('GETKEYS', 'MSET', 'a', 1, 'b', 2), ['a', 'b']);
  });

  test('errors', async () => {
    await r.set('text', 'abc');
    const fails = (promise, message) =>
        rejects(promise, {name: 'ReplyError', message});
    await fails(r.lpush('text', 'x'), /^WRONGTYPE Operation against a key/);
    await fails(r.incr('text'), /^ERR value is not an integer or out of/);
    await fails(r.call('NOSUCH', 'a'), /^ERR unknown command 'NOSUCH', with/);
    await fails(r.call('GET'), /^ERR wrong number of arguments for 'get'/);
    await fails(r.rename('nosuch', 'x'), /^ERR no such key$/);
    await fails(r.lset('nosuch', 5, 'x'), /^ERR no such key$/);
    await fails(r.set('a', 'b', 'NOSUCH'), /^ERR syntax error$/);
    await fails(r.set('a', 'b', 'EX', 0), /^ERR invalid expire time in 'set'/);
    await rejects(r.hget('text', 'x'), Redis.ReplyError);
    equal(await r.ping(), 'PONG');
  });

  test('a pipeline of 10,000', async () => {
    const pipeline = r.pipeline();
    const expected = [];
    for (let i = 0; i < 5000; ++i) {
      pipeline.set(`key:${i}`, i).get(`key:${i}`);
      expected.push([null, 'OK'], [null, String(i)]);
    }
    equal(await pipeline.exec(), expected);
    const [, [error], [, n]] =
        await r.pipeline().incr('n').lpush('key:0', 'x').incr('n').exec();
    ok(error instanceof Redis.ReplyError);
    equal(n, 2);
  });

  test('10,000 commands at once, pipelined by the client', async (t) => {
    const auto = connect(t, server, {enableAutoPipelining: true});
    const numbers = Array.from({length: 10_000}, () => auto.incr('n'));
    equal(await Promise.all(numbers), numbers.map((_, i) => i + 1));
  });

  test('every byte', async () => {
    const b = everyByte;
    equal(await r.set(b, b), 'OK');
    equal(await r.getBuffer(b), b);
    equal(await r.keysBuffer('*'), [b]);
    await r.rpush('list', b, '');
    equal(await r.lrangeBuffer('list', 0, -1), [b, Buffer.alloc(0)]);
    await r.hset('hash', b, b);
    equal(await r.hgetBuffer('hash', b), b);
    equal(await r.hkeysBuffer('hash'), [b]);
    await r.zadd('zset', 1, b);
    equal(await r.zrangeBuffer('zset', 0, -1), [b]);
  });

  test('64 megabytes', async () => {
    const big = randomBytes(64 << 20);
    equal(await r.set('big', big), 'OK');
    equal(await r.strlen('big'), 64 << 20);
    ok(big.equals(await r.getBuffer('big')));
  });

  test('scan streams', async () => {
    const numbers = {};
    for (let i = 0; i < 5000; ++i) numbers[`key:${i}`] = String(i);
    const keys = Object.keys(numbers);
    await r.mset(numbers);
    await r.hset('hash', numbers);
    await r.zadd('zset', ...keys.flatMap((key) => [numbers[key], key]));

    const found = new Set((await r.scanStream().toArray()).flat());
    equal(found, new Set([...keys, 'hash', 'zset']));
    const some = await r.scanStream({match: 'key:7*', count: 1000}).toArray();
    equal(new Set(some.flat()), new Set(keys.filter((key) => key[4] === '7')));
    equal((await r.scanStream({type: 'zset'}).toArray()).flat(), ['zset']);
    for (const stream of [r.hscanStream('hash'), r.zscanStream('zset')]) {
      const pairs = (await stream.toArray()).flat();
      const seen = {};
      while (pairs.length > 0) seen[pairs.shift()] = pairs.shift();
      equal(seen, numbers);
    }
  });

  test('authentication', async (t) => {
    const locked = await Server.start('--requirepass', 'sesame');
    t.after(() => locked.close());
    await rejects(connect(t, locked).get('a'),
                  /^ReplyError: NOAUTH Authentication required/);
    await rejects(connect(t, locked, {password: 'wrong'}).get('a'),
                  /^ReplyError: WRONGPASS invalid username-password pair/);
    for (const user of [{}, {username: 'default'}]) {
      const known = connect(t, locked, {password: 'sesame', ...user});
      equal(await known.get('a'), null);
    }
  });

  test('reconnects by itself', async (t) => {
    const other = await Server.start();
    t.after(() => other.close());
    const client = connect(t, other, {
      connectionName: 'faithful',
      retryStrategy: () => 10,
      maxRetriesPerRequest: null,  // wait for the server, however long
    });
    await client.set('name', everyByte);
    await client.rpush('list', 'a', 'b');
    await client.set('old', 'x', 'EX', 1000);
    const ended = once(client, 'close');
    await other.end();
    await ended;
    const reply = client.getBuffer('name');  // queued until there is a server
    await other.run();
    equal(await reply, everyByte);
    equal(await client.lrange('list', 0, -1), ['a', 'b']);
    ok(await client.ttl('old') > 0);
    equal(await client.dbsize(), 3);
    equal(await client.client('GETNAME'), 'faithful');
  });
});
