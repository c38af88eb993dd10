import { namesSecret } from './hidden-secret.ts';
import type { TextOption } from './option.ts';
import type { ParseResult } from './parse-result.ts';

/**
 * Checks a name or path for what a shell, a template or a mistake has left in it: `~`, variables that were not replaced, a URL, a user name
 * with a password, or another secret with its name. Such a place cannot be meant, but it could be created. Undefined when nothing is wrong;
 * what is wrong is said without the text, which may hold a password.
 */
export function checkNameOrPath(text: string, placeholder: TextOption['placeholder']): Refusal | undefined {
  const isPath = placeholder === 'dir' || placeholder === 'file' || placeholder?.startsWith('path') === true;
  if (placeholder === 'text') {
    return undefined;
  }
  if (/\$\{|\$\(|\{\{|^\$[A-Z_]/.test(text)) {
    return { wrong: 'it holds a variable that was not replaced', remedy: 'write out its value' };
  }
  if (/^--?[a-z]/i.test(text)) {
    return { wrong: 'it begins like a flag', remedy: 'if it is meant, write ./ before it' };
  }
  if (/^[^\s/:@]+:[^@]*@/.test(text) || (text.includes('://') && text.includes('@'))) {
    return { wrong: 'it looks like an address with user name and password', remedy: 'give the name or path alone' };
  }
  if (namesSecret(text)) {
    return { wrong: 'it looks like a secret with its name', remedy: 'give the name or path alone' };
  }
  if (isPath && /^(?:~(?:\/|$)|~[a-z][a-z\d_-]*(?:\/|$))/.test(text)) {
    return { wrong: 'it begins with ~, which only a shell replaces', remedy: 'write the path out' };
  }
  if (isPath && /^[a-z][a-z\d+.-]*:\/\//i.test(text)) {
    return { wrong: 'it is a URL where a path is expected', remedy: 'give a path of this machine' };
  }
  return undefined;
}

type Refusal = Extract<ParseResult<never>, { readonly wrong: string }>;
