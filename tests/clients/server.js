// The server that a script puts its client to: $SERVER, started on a port that
// it chooses itself, with a directory of its own.
'use strict';

const {spawn} = require('node:child_process');
const {once} = require('node:events');
const {mkdtempSync, rmSync} = require('node:fs');
const {tmpdir} = require('node:os');
const {join} = require('node:path');
const {createInterface} = require('node:readline');

const running = new Set();

// Whatever becomes of the script, no server and no directory is left.
process.on('exit', () => {
  for (const server of running) {
    server.process.kill('SIGKILL');
    rmSync(server.directory, {recursive: true, force: true});
  }
});

class Server {
  // await Server.start('--requirepass', 'secret')
  static async start(...options) {
    const server = new Server();
    server.options = options;
    server.port = 0;
    server.directory = mkdtempSync(join(tmpdir(), 'klh-test-'));
    await server.run();
    return server;
  }

  async run() {
    this.process = spawn(
        process.env.SERVER,
        // By default 10,000 changes would start a snapshot in the background.
        ['--port', this.port, '--dir', this.directory, '--save', '3600 1',
          '--auto-aof-rewrite-percentage', '0', ...this.options],
        {stdio: ['ignore', 'pipe', 'inherit']});
    running.add(this);
    this.ended = once(this.process, 'exit');
    const [line] = await Promise.race(
        [once(createInterface(this.process.stdout), 'line'), this.ended]);
    const ready = /^listening on 127\.0\.0\.1:(\d+)$/.exec(line);
    if (!ready) throw new Error(`the server does not start: ${line}`);
    this.port = Number(ready[1]);
  }

  // It saves.
  async end() {
    this.process.kill('SIGTERM');
    const [status] = await this.ended;
    if (status !== 0) throw new Error(`the server ends with status ${status}`);
    running.delete(this);
  }

  // On the port that it had, in the same directory.
  async restart() {
    await this.end();
    await this.run();
  }

  async close() {
    await this.end();
    rmSync(this.directory, {recursive: true});
  }
}

const everyByte = Buffer.from(Array.from({length: 256}, (_, i) => i));

module.exports = {Server, everyByte};
