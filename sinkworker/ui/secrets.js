// Which values of a configuration are not shown. Owns the rule, which is the worker's own.

const NAMES = /password|secret|token|credential|sasl\.jaas\.config|\.key$/i;
const PLACEHOLDER = /^\$\{[^}]*\}$/;
const IN_URL = /(:\/\/[^/@:\s]*:)[^/@\s]+(@)/g;
const IN_QUERY = /([?&](?:password|sslpassword)=)[^&\s]+/gi;

export const HIDDEN = "••••••••";

export const isSecret = (key, type) => type === "PASSWORD" || NAMES.test(key);

// ${env:X} says where a secret is, and not what.
export function shown(key, value, type) {
  if (isSecret(key, type) && value !== "" && !PLACEHOLDER.test(value)) return HIDDEN;
  return value.replace(IN_URL, `$1${HIDDEN}$2`).replace(IN_QUERY, `$1${HIDDEN}`);
}
