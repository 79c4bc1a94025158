/** Hiding secrets in what is printed and stored: run folders are shared. */

/** Names of variables and of parameters of an address whose values are secrets. */
const SECRET_NAME = /TOKEN|SECRET|PASSW|PASSPHRASE|CREDENTIAL|SIGNATURE|COOKIE|BEARER|(^|[_-])(API|ACCESS|PRIVATE)?KEY(S|ID)?($|[_-])|(^|[_-])(AUTH|PWD|SIG|DSN)($|[_-])/i; // biome-ignore format: one line

/** Forms that secrets have whatever they are called: keys of providers, JSON web tokens, private keys. */
const SECRET_FORM = /\b(?:sk-|gh[pousr]_|github_pat_|glpat-|hf_|xox[abprs]-|ak-|as-|AKIA|ASIA|AIza|ya29\.|eyJ[\w-]+\.)[\w.-]{8,}|-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*/g; // biome-ignore format: one line

/** Keys and tokens that are hardly anything else: long ones of a known provider, with letters of both cases where it draws them. */
const SURE_FORM = /\b(?:sk-|gh[pousr]_|github_pat_|glpat-|hf_|xox[abprs]-|ak-|as-|ya29\.|eyJ[\w-]+\.)(?=[\w.-]*[a-z])(?=[\w.-]*[A-Z])[\w.-]{16,}|\b(?:AKIA|ASIA)[0-9A-Z]{16}\b|\bAIza[\w-]{30,}|-----BEGIN [A-Z ]*PRIVATE KEY-----/; // biome-ignore format: one line

/**
 * Why a value of a configuration, which is stored as it is, may not be stored; null where nothing in it is surely a secret:
 * an address with a password or a secret parameter, or a key of a known form. Texts that only speak of tokens are none.
 */
export function secretProblem(text: string): string | null {
  if (/:\/\/[^/\s@]*:[^/\s@]+@/.test(text))
    return 'expected an address without a password, found one with. Give secrets elsewhere.';
  const parameters = /\b[a-z][a-z0-9+.-]*:\/\/[^?#\s]*\?([^#\s]*)/i.exec(text)?.[1]?.split('&') ?? [];
  if (parameters.some((parameter) => /=./.test(parameter) && SECRET_NAME.test(parameter.split('=')[0]!)))
    return 'expected an address without a secret parameter, found one with. Give secrets elsewhere.';
  return SURE_FORM.test(text)
    ? 'expected no secret, found what has the form of a key or token. Give secrets elsewhere.'
    : null;
}

/** What a variable's value is shown as: `(set)` where its name says that it is a secret, else with secrets hidden. */
export function shownVariable(name: string, value: string): string {
  return SECRET_NAME.test(name) && value !== '' ? '(set)' : withoutSecrets(value);
}

/**
 * A text with what is secret in it as `***`: passwords and secret parameters of addresses, `Bearer ...`, assignments such as
 * `token=...`, and what has the form of a known kind of key.
 *
 * @example
 * withoutSecrets('https://me:pw@host/x?token=abc&page=2'); // https://***@host/x?token=***&page=2
 */
export function withoutSecrets(text: string): string {
  return text
    .replaceAll(/(\b[a-z][a-z0-9+.-]*:\/\/)[^/?#\s]*@/gi, '$1***@')
    .replaceAll(/\b(Bearer|Basic)\s+[\w.~+/=-]{8,}/gi, '$1 ***')
    .replaceAll(
      /([\w-]+)(\s*[=:]\s*)(["']?)(?!\/\/)([^\s"'&;,]+)/g,
      (whole, name: string, sign: string, quote: string) =>
        SECRET_NAME.test(name) ? `${name}${sign}${quote}***` : whole,
    )
    .replaceAll(SECRET_FORM, '***');
}
