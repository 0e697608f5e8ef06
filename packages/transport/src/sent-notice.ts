import type { Dispatcher } from 'undici';

/** The same dispatcher, with word of when a request goes out: it may wait for a connection first. */
export function noticing(dispatcher: Dispatcher, onSent: (() => void) | undefined): Dispatcher {
  if (onSent === undefined) return dispatcher;
  return dispatcher.compose((dispatch) => (options, handler) => {
    return dispatch(options, new NoticingHandler(handler, onSent));
  });
}

class NoticingHandler implements Dispatcher.DispatchHandler {
  readonly #handler: Dispatcher.DispatchHandler;
  readonly #onSent: () => void;

  constructor(handler: Dispatcher.DispatchHandler, onSent: () => void) {
    this.#handler = handler;
    this.#onSent = onSent;
  }

  onRequestStart(...call: Parameters<Required<Dispatcher.DispatchHandler>['onRequestStart']>) {
    this.#onSent();
    this.#handler.onRequestStart?.(...call);
  }

  onRequestUpgrade(...call: Parameters<Required<Dispatcher.DispatchHandler>['onRequestUpgrade']>) {
    this.#handler.onRequestUpgrade?.(...call);
  }

  onResponseStart(...call: Parameters<Required<Dispatcher.DispatchHandler>['onResponseStart']>) {
    this.#handler.onResponseStart?.(...call);
  }

  onResponseData(...call: Parameters<Required<Dispatcher.DispatchHandler>['onResponseData']>) {
    this.#handler.onResponseData?.(...call);
  }

  onResponseEnd(...call: Parameters<Required<Dispatcher.DispatchHandler>['onResponseEnd']>) {
    this.#handler.onResponseEnd?.(...call);
  }

  onResponseError(...call: Parameters<Required<Dispatcher.DispatchHandler>['onResponseError']>) {
    this.#handler.onResponseError?.(...call);
  }
}
