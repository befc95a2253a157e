// diagnose --ssh against a real sshd on an unprivileged port of the loopback, with keys made here.
import { execFile, spawn } from 'node:child_process';
import { access, chmod, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openSsh } from '../../harness/host/ssh.ts';
import { knownHostsName, parseSshTarget, type SshTarget } from '../../harness/host/ssh-target.ts';
import { openWorkshop, type Ran, type Started, type StartOptions, type Workshop } from './tscmatrix.ts';

const execute = promisify(execFile);
const SSHD = '/usr/sbin/sshd';
const has = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );
const missing = (await Promise.all([SSHD, '/usr/bin/ssh-keygen', '/usr/bin/ssh-agent'].map(has))).includes(
  false,
);
const CAPTURES = join(import.meta.dirname, '..', 'captures');

let shop: Workshop;
let target: SshTarget;
let stopServer: () => Promise<void>;

const at = (name: string): string => join(shop.folder, name);

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function makeKey(name: string, type = 'ed25519', passphrase = ''): Promise<void> {
  await execute('ssh-keygen', ['-q', '-t', type, '-N', passphrase, '-C', name, '-f', at(name)]);
}

async function startServer(port: number): Promise<() => Promise<void>> {
  const lines = [
    `Port ${port}`,
    'ListenAddress 127.0.0.1',
    `HostKey ${at('host-ed25519')}`,
    `HostKey ${at('host-rsa')}`,
    `AuthorizedKeysFile ${at('authorized')}`,
    `PidFile ${at('sshd.pid')}`,
    'UsePAM no',
    'StrictModes no',
    'PasswordAuthentication no',
    // What the "guest" has: programs of a test stand before the real ones.
    `SetEnv PATH=${at('bin')}:/usr/bin:/bin`,
  ];
  await writeFile(at('sshd_config'), `${lines.join('\n')}\n`);
  // Its folder for privilege separation, which an init script makes otherwise.
  if (userInfo().uid === 0) await mkdir('/run/sshd', { recursive: true, mode: 0o755 });
  const server = spawn(SSHD, ['-D', '-e', '-f', at('sshd_config')], { stdio: ['ignore', 'ignore', 'pipe'] });
  const ended = new Promise<void>((resolve) => server.on('close', () => resolve()));
  let said = '';
  await new Promise<void>((resolve, reject) => {
    server.stderr.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      if (said.includes('Server listening')) resolve();
    });
    void ended.then(() => reject(new Error(`sshd ended: ${said}`)));
  });
  return async () => {
    server.kill();
    await ended;
  };
}

/** A program of the guest. */
async function program(name: string, script: string): Promise<void> {
  await writeFile(at(`bin/${name}`), `#!/bin/sh\n${script}\n`);
  await chmod(at(`bin/${name}`), 0o755);
}

async function publicKey(name: string): Promise<string> {
  return (await readFile(at(`${name}.pub`), 'utf8')).split(' ').slice(0, 2).join(' ');
}

async function knowHost(key: string, options: { marker?: string; hashed?: boolean } = {}): Promise<void> {
  const file = at('home/.ssh/known_hosts');
  const marker = options.marker === undefined ? '' : `${options.marker} `;
  await writeFile(file, `${marker}${knownHostsName(target)} ${await publicKey(key)}\n`);
  if (options.hashed === true) {
    await execute('ssh-keygen', ['-q', '-H', '-f', file]);
    await rm(`${file}.old`);
    expect(await readFile(file, 'utf8')).not.toContain('127.0.0.1');
  }
}

const env = (more: StartOptions['env'] = {}): StartOptions => ({
  env: { HOME: at('home'), SSH_AUTH_SOCK: undefined, XDG_CACHE_HOME: at('cache'), ...more },
});
const place = (): string => `${target.host}:${target.port}`;
const diagnose = (
  args: readonly string[] = ['--identity', at('user')],
  more?: StartOptions['env'],
): Promise<Ran> => shop.run(['diagnose', '--ssh', place(), ...args], env(more));

describe.skipIf(missing)(
  'diagnose --ssh (apt-get install openssh-server openssh-client, where skipped)',
  () => {
    beforeAll(async () => {
      shop = await openWorkshop();
      await mkdir(at('bin'));
      await mkdir(at('home/.ssh'), { recursive: true, mode: 0o700 });
      await makeKey('host-ed25519');
      await makeKey('host-rsa', 'rsa');
      await makeKey('other-ed25519');
      await makeKey('user');
      await makeKey('locked', 'ed25519', 'a passphrase');
      await makeKey('stranger');
      await writeFile(at('authorized'), `${await publicKey('user')}\n${await publicKey('locked')}\n`);
      const port = await freePort();
      target = parseSshTarget(`127.0.0.1:${port}`);
      stopServer = await startServer(port);
    });
    afterAll(async () => {
      await stopServer?.();
      await shop.remove();
    });
    beforeEach(async () => {
      await knowHost('host-ed25519');
      await program('dmesg', `cat ${join(CAPTURES, 'consoles', 'debian-6.1-tcg.txt')}`);
      await program('journalctl', 'echo "No journal files were found." >&2; exit 1');
      await program('sudo', 'echo "sudo: a password is required" >&2; exit 1');
    });

    test('the log, and this very machine in its files, are what is diagnosed', async () => {
      const ran = await diagnose(['--identity', at('user'), '--json']);
      expect(ran.code, ran.stderr).toBe(0);
      const result = JSON.parse(ran.stdout);
      const read = (name: string): Promise<string> =>
        readFile(`/sys/devices/system/clocksource/clocksource0/${name}_clocksource`, 'utf8');
      expect(result.current).toBe((await read('current')).trim());
      expect(result.available).toEqual((await read('available')).trim().split(' '));
      expect(result.evidence.length).toBeGreaterThan(0);
      expect(ran.stderr).toBe('');
    });

    test('a log that may not be read comes from the journal, and that is said', async () => {
      await program('dmesg', 'echo "dmesg: read kernel buffer failed: Operation not permitted" >&2; exit 1');
      await program('journalctl', `cat ${join(CAPTURES, 'forms', 'journal-monotonic.txt')} | sed 1,/^---/d`);
      const ran = await diagnose(['--identity', at('user'), '--json', '--available', 'tsc hpet acpi_pm']);
      expect(ran.code, ran.stderr).toBe(0);
      expect(JSON.parse(ran.stdout)).toMatchObject({
        registration: 'refined',
        available: ['tsc', 'hpet', 'acpi_pm'],
      });
      expect(ran.stderr).toContain(
        '"dmesg" gave no log there: dmesg: read kernel buffer failed: Operation not permitted',
      );
      expect(ran.stderr).toContain('the log is that of "journalctl -k -b --no-pager -o short-monotonic"');
    });

    test('then from sudo, where that asks for no password', async () => {
      await program(
        'dmesg',
        'test "$ROOT" = yes || exit 1; echo "[    0.000000] Linux version 6.1.0 (it) #1"',
      );
      await program('sudo', 'test "$1" = -n || exit 1; shift; ROOT=yes; export ROOT; exec "$@"');
      const ran = await diagnose();
      expect(ran.code, ran.stderr).toBe(0);
      expect(ran.stderr).toContain('the log is that of "sudo -n dmesg"');
    });

    test('no log at all: the clocksources are diagnosed all the same', async () => {
      await program('dmesg', 'echo denied >&2; exit 1');
      const ran = await diagnose(['--identity', at('user'), '--json']);
      expect(ran.code, ran.stderr).toBe(0);
      expect(JSON.parse(ran.stdout).available).not.toBeNull();
      for (const word of ['dmesg', 'journalctl', 'sudo -n dmesg']) expect(ran.stderr).toContain(`"${word}`);
    });

    test('terminal escapes in what the guest says never reach the terminal', async () => {
      await program('dmesg', String.raw`printf 'bad\033]0;owned\007\033[2J\n' >&2; exit 1`);
      const ran = await diagnose();
      expect(ran.code).toBe(0);
      expect(ran.stderr).toContain('gave no log there: bad');
      expect(ran.stderr + ran.stdout).not.toContain('\x1b');
    });

    test('a host key that is known under a hashed name, or is of a type that is not our first choice', async () => {
      await knowHost('host-ed25519', { hashed: true });
      expect((await diagnose()).code).toBe(0);
      await knowHost('host-rsa');
      expect((await diagnose()).code).toBe(0);
    });

    test.each<[string, () => Promise<void>, RegExp, RegExp]>([
      [
        'unknown',
        () => rm(at('home/.ssh/known_hosts')),
        /is not known: ssh-ed25519 SHA256:/,
        /ssh -p \d+ \S+@127\.0\.0\.1 true/,
      ],
      [
        'changed',
        () => knowHost('other-ed25519'),
        /has changed/,
        /ssh-keygen -f \S+known_hosts -R '\[127\.0\.0\.1\]:\d+'/,
      ],
      ['revoked', () => knowHost('host-ed25519', { marker: '@revoked' }), /is revoked/, /do not log in/],
    ])('a host key that is %s: 69, and nothing is run', async (_, prepare, message, hint) => {
      await prepare();
      await program('dmesg', `touch ${at('was-run')}`);
      const ran = await diagnose();
      expect(ran.code, ran.stderr).toBe(69);
      expect(ran.stdout).toBe('');
      expect(ran.stderr).toMatch(message);
      expect(ran.stderr).toMatch(hint);
      // The key that is shown is the host's, and nobody is let off by it.
      const { stdout } = await execute('ssh-keygen', ['-l', '-f', at('host-ed25519.pub')]);
      expect(ran.stderr).toContain(stdout.split(' ')[1]);
      expect(await has(at('was-run'))).toBe(false);
    });

    test('an agent lends an encrypted key', async () => {
      const { stdout } = await execute('ssh-agent', ['-s', '-a', at('agent')]);
      const pid = Number(/SSH_AGENT_PID=(\d+)/.exec(stdout)?.[1]);
      try {
        await program('askpass', 'echo a passphrase');
        const asking = {
          SSH_AUTH_SOCK: at('agent'),
          SSH_ASKPASS: at('bin/askpass'),
          SSH_ASKPASS_REQUIRE: 'force',
        };
        await execute('ssh-add', [at('locked')], { env: { ...process.env, ...asking } });
        const ran = await diagnose([], { SSH_AUTH_SOCK: at('agent') });
        expect(ran.code, ran.stderr).toBe(0);
      } finally {
        process.kill(pid);
      }
    });

    test('the keys in ~/.ssh are tried where no agent runs', async () => {
      await writeFile(at('home/.ssh/id_ed25519'), await readFile(at('user')));
      try {
        expect((await diagnose([])).code).toBe(0);
      } finally {
        await rm(at('home/.ssh/id_ed25519'));
      }
    });

    test.each<[string, () => string[], number, RegExp]>([
      ['an encrypted key', () => ['--identity', at('locked')], 2, /is encrypted[\s\S]*ssh-add/],
      ['a public key', () => ['--identity', at('user.pub')], 2, /not a private key[\s\S]*leave out \.pub/],
      ['a key that is not there', () => ['--identity', at('none')], 2, /cannot read the key/],
      ['a file that is no key', () => ['--identity', at('authorized')], 2, /not a private key/],
      [
        'a key that is not accepted',
        () => ['--identity', at('stranger')],
        69,
        /did not let us in with the keys of .*stranger/,
      ],
      ['no key and no agent', () => [], 69, /nothing to log in with[\s\S]*--identity/],
      ['a file beside --ssh', () => ['a.log'], 2, /choose one/],
    ])('%s', async (_, args, code, message) => {
      const ran = await diagnose(args());
      expect(ran.code, ran.stderr).toBe(code);
      expect(ran.stdout).toBe('');
      expect(ran.stderr).toMatch(message);
    });

    test('Ctrl-C during a command there: 130', async () => {
      await program('dmesg', `echo at it > ${at('at-it')}; exec sleep 1000`);
      const started: Started = shop.start(['diagnose', '--ssh', place(), '--identity', at('user')], env());
      while (!(await has(at('at-it')))) await new Promise((resolve) => setTimeout(resolve, 20));
      started.child.kill('SIGINT');
      expect((await started.done).code).toBe(130);
    });

    describe('a session', () => {
      const open = async () => {
        // The session reads known_hosts of this process's own home: there the host is not known.
        process.env.HOME = at('home');
        try {
          return await openSsh(target, { identity: at('user') });
        } finally {
          process.env.HOME = home;
        }
      };
      const home = process.env.HOME;
      const limits = { timeoutMs: 60_000, maxBytes: 100_000 };

      test('gives bytes, exit code and complaints apart', async () => {
        const session = await open();
        try {
          const result = await session.run("printf 'a\\377b'; echo no >&2; exit 3", limits);
          expect(result).toEqual({ exitCode: 3, stdout: Buffer.from([0x61, 0xff, 0x62]), stderr: 'no\n' });
          // Nothing to read and no terminal: a program that asks gets no answer.
          expect((await session.run('cat; test -t 0 || echo none', limits)).stdout.toString()).toBe('none\n');
        } finally {
          session.close();
        }
      });

      test('ends a command that prints without end, or never ends', async () => {
        const session = await open();
        try {
          await expect(session.run('yes', limits)).rejects.toThrow('more than 100000 bytes');
          await expect(session.run('sleep 1000', { ...limits, timeoutMs: 50 })).rejects.toThrow(
            'took longer than',
          );
          expect((await session.run('echo still', limits)).stdout.toString()).toBe('still\n');
        } finally {
          session.close();
        }
      });
    });

    test('a host that accepts a connection and then says nothing', async () => {
      const mute = createServer();
      await new Promise<void>((resolve) => mute.listen(0, '127.0.0.1', resolve));
      try {
        const { port } = mute.address() as AddressInfo;
        const silent = openSsh({ ...target, port }, { identity: at('user'), connectMs: 50 });
        await expect(silent).rejects.toThrow('did not answer in time');
      } finally {
        mute.close();
      }
    });
  },
);

describe('a target', () => {
  const user = userInfo().username;
  test.each<[string, SshTarget]>([
    ['guest', { user, host: 'guest', port: 22 }],
    ['root@Guest.Example:2222', { user: 'root', host: 'guest.example', port: 2222 }],
    ['root@[fe80::1%eth0]:22', { user: 'root', host: 'fe80::1%eth0', port: 22 }],
    ['::1', { user, host: '::1', port: 22 }],
  ])('%s', (text, expected) => {
    expect(parseSshTarget(text)).toEqual(expected);
  });
  test.each([
    '',
    '-oProxyCommand=x',
    'root@-x',
    '-x@host',
    'host:0',
    'host:70000',
    'host:ssh',
    'a b',
    'a@b@c',
    'ssh://x',
  ])('is not %j', (text) => {
    expect(() => parseSshTarget(text)).toThrow(/no host to log in to/);
  });
});
