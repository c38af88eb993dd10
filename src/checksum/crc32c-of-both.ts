const POLYNOMIAL = 0x82f63b78;

/** x to the power of 2 to the power of the index, reflected, modulo the polynomial of CRC-32C. */
const SQUARES: Uint32Array = buildSquares();

function buildSquares(): Uint32Array {
  const squares = new Uint32Array(56);
  let power = 0x40000000;
  for (let index = 0; index < squares.length; index++) {
    squares[index] = power;
    power = product(power, power);
  }
  return squares;
}

/**
 * The CRC-32C of some bytes and `bytes` others behind them, of which `first` and `second` are the checksums: the first is
 * multiplied by x to the power of the bits behind it.
 */
export function crc32cOfBoth(first: number, second: number, bytes: number): number {
  let shifted = first;
  // A byte is eight bits: the third square.
  for (let rest = bytes, index = 3; rest > 0; rest = Math.floor(rest / 2), index++) {
    if (rest % 2 === 1) {
      shifted = product(SQUARES[index] ?? 0, shifted);
    }
  }
  return (shifted ^ second) >>> 0;
}

/** The product of two reflected polynomials. */
function product(left: number, right: number): number {
  let result = 0;
  let shifted = right;
  for (let bit = 31; bit >= 0; bit--) {
    if ((left >>> bit) & 1) {
      result ^= shifted;
    }
    shifted = (shifted >>> 1) ^ (shifted & 1 ? POLYNOMIAL : 0);
  }
  return result >>> 0;
}
