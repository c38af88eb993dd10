import { nearestWord } from '../runtime/nearest-word.ts';
import type { OptionSpec, TextRule } from './option.ts';

/** Longer texts are not shown, characters. */
const longest = 120;

const number = /^[-+]?\d+(?:\.\d*)?$/;
const unit = '(?:[munµμ]?s|min|sec|[mhdwy])';
const duration = new RegExp(`^[-+]?[\\d.]+(?:${unit}[\\d.]+)*(?:${unit}|[a-z])?$`, 'i');
const cron = /^(?:[\d*/,?\s-]|\b(?:sun|mon|tue|wed|thu|fri|sat|jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)\b)+$/i;
const time = /^[\d:.tz+\s-]+$/i;
const boolWords = ['true', 'false', 'yes', 'no', 'on', 'off', 'enabled', 'disabled', 'enable', 'disable'];

/**
 * A refused value as a message may show it; undefined when it may not. Anything may be a password that went astray, so only what
 * cannot be one is shown: numbers, durations, times, schedules, what resembles one of the choices, and of a URL what a parser
 * finds to be scheme, host and port.
 */
export function shownValue(spec: OptionSpec, text: string): string | undefined {
  if (spec.secret === true || text.length > longest) {
    return undefined;
  }
  switch (spec.type) {
    case 'bool':
      return boolWords.includes(text.toLowerCase()) || number.test(text) ? text : undefined;
    case 'duration':
      return duration.test(text) ? text : undefined;
    case 'int':
    case 'uint':
    case 'uint32':
      return number.test(text) || nearestWord(text, Object.keys(spec.names ?? {})) !== undefined ? text : undefined;
    case 'string':
      return spec.choices === undefined ? shownByRule(spec.rule, text) : nearestWord(text, spec.choices) && text;
    case 'strings':
    case 'stringArray':
      return shownByRule(spec.rule, text);
    default:
      return spec satisfies never;
  }
}

function shownByRule(rule: TextRule | undefined, text: string): string | undefined {
  switch (rule) {
    case 'url':
    case 'etcd endpoint':
    case 'peer url':
      return shownUrl(text);
    case 'cron':
    case 'cron or off':
      return cron.test(text) ? text : undefined;
    case 'time':
      return time.test(text) ? text : undefined;
    case 'lease ttl':
      return duration.test(text) ? text : undefined;
    case 'initial cluster':
    case 'not empty':
    case undefined:
      return undefined;
    default:
      return rule satisfies never;
  }
}

/** Scheme, host and port of a URL; undefined when more or less than one way leads there. */
function shownUrl(text: string): string | undefined {
  const url = /^[a-z][a-z\d+.-]*:\/\//i.test(text) ? URL.parse(text) : null;
  const hidden = url?.username !== '' || url.password !== '';
  // An @ that is not the one after a user name may have been meant to be: http://name:pass/word@host.
  if (url === null || !/^[\w.-]+$|^\[[\da-f:.]+\]$/i.test(url.hostname) || (text.includes('@') && !hidden)) {
    return undefined;
  }
  return `${url.protocol}//${url.host}`;
}
