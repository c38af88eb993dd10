/** Options that may contradict `--initial-cluster`, by their flags. */
export type MembershipOption = 'name' | 'initial-advertise-peer-urls';

/** The options contradict each other. The message names option, value and what is wrong. */
export class InvalidMembership extends Error {
  override readonly name = 'InvalidMembership';
  readonly option: MembershipOption;
  readonly value: string;
  /** What is wrong with the value, without a trailing period. */
  readonly reason: string;

  constructor(option: MembershipOption, value: string, reason: string) {
    super(`--${option}=${JSON.stringify(value)}: ${reason}`);
    this.option = option;
    this.value = value;
    this.reason = reason;
  }
}
