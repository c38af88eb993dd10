/** Whether the memory of what is read or expanded may serve again. */
export interface PieceReuse {
  /**
   * Lets the memory of pieces serve again, where it can: a piece is then valid only until the second one after it is asked for. Called
   * with the size of each piece in such memory, before it is given. Left out, pieces are the reader's.
   */
  readonly onReusedPiece?: ((size: number) => void) | undefined;
}
