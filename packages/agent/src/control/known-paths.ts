/** Which methods each path of the control socket knows. */
export class KnownPaths {
  readonly #routes: { readonly method: string; readonly pattern: RegExp }[] = [];

  /** `url` as a route has it: `/v1/jobs/:job`. */
  add(method: string, url: string): void {
    const [first = '', ...rest] = url.split(/:\w+/).map((text) => text.replaceAll('.', '\\.'));
    this.#routes.push({ method, pattern: new RegExp(`^${[first, ...rest].join('[^/]+')}$`) });
  }

  methodsAt(path: string): string[] {
    return this.#routes.flatMap(({ method, pattern }) => (pattern.test(path) ? method : []));
  }
}
