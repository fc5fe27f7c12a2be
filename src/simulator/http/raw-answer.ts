/** An answer that is not JSON, such as the contents of a file. */
export class RawAnswer {
  readonly contentType: string;
  readonly body: string;

  constructor(contentType: string, body: string) {
    this.contentType = contentType;
    this.body = body;
  }
}
