import type { Credential } from '@varve/oci';
import { CliError } from '../errors/cli-error.js';
import { exitCodes } from '../exit-codes.js';
import { type FlagValues, isOn, textOf } from '../flags/flag-spec.js';
import { loginFlags, logoutFlags } from '../flags/login-flags.js';
import { Problems } from '../options/problems.js';
import { registrySettings } from '../options/registries.js';
import { askOnTerminal, readStandardInput } from '../terminal/prompt.js';
import { oneLine } from '../terminal/sanitize.js';
import { requireCertificateFiles } from './certificate-files.js';
import { settle } from './settings.js';

const hub = 'docker.io';

/** `varve login [REGISTRY]`. Resolves with the exit code. Errors: `E_USAGE`, and those of `login` of `@varve/oci`. */
export async function loginCommand(registry: string | undefined, given: FlagValues): Promise<number> {
  const { flags, surroundings } = await settle(given, loginFlags);
  const { cwd, env } = surroundings;
  const problems = new Problems();
  const registries = registrySettings(flags, cwd, problems);
  problems.throwIfAny();
  await requireCertificateFiles(registries);
  const credential = await readCredential(flags);
  const { login } = await import('@varve/oci');
  const place = await login(registry ?? hub, credential, { ...registries, env });
  const where = 'file' in place ? place.file : `docker-credential-${place.helper}`;
  process.stdout.write(`logged in to ${oneLine(registry ?? hub)}; the credentials are kept in ${where}\n`);
  if ('file' in place)
    process.stderr.write(
      'warning: they are not encrypted there; credsStore in config.json can name a helper that does so\n',
    );
  return exitCodes.done;
}

/** `varve logout [REGISTRY]`. Resolves with the exit code. Errors: those of `logout` of `@varve/oci`. */
export async function logoutCommand(registry: string | undefined, given: FlagValues): Promise<number> {
  const { surroundings } = await settle(given, logoutFlags);
  const { logout } = await import('@varve/oci');
  const known = await logout(registry ?? hub, { env: surroundings.env });
  const name = oneLine(registry ?? hub);
  process.stdout.write(known ? `forgot the credentials of ${name}\n` : `there were no credentials of ${name}\n`);
  return exitCodes.done;
}

/** Name and password: from the flags and standard input, else by asking. */
async function readCredential(flags: FlagValues): Promise<Credential> {
  const fromInput = isOn(flags, 'password-stdin');
  const named = textOf(flags, 'username');
  const canAsk = process.stdin.isTTY === true;
  if (named === undefined && (fromInput || !canAsk))
    throw new CliError('E_USAGE', 'the name of the account is missing', { hint: 'write --username NAME' });
  if (!fromInput && !canAsk)
    throw new CliError('E_USAGE', 'there is no terminal to ask for the password on', {
      hint: 'give it by standard input, with --password-stdin',
    });
  const username = named ?? (await askOnTerminal({ text: 'Username: ', hidden: false }));
  const password = fromInput ? await readStandardInput() : await askOnTerminal({ text: 'Password: ', hidden: true });
  if (username === '' || password === '')
    throw new CliError('E_USAGE', `the ${username === '' ? 'name of the account' : 'password'} is empty`);
  return { username, password };
}
