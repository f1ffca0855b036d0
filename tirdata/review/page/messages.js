// What a person has to be told and asked: edits that met a newer state, files edited by hand.

import { nextNumber } from "./edits.js";

export class Messages {
  constructor(app) {
    this.app = app;
  }

  /** Something went wrong; it stays until it is put away. */
  bad(message) {
    const actions = [["Put away", () => {}]];
    this.app.notices.say(message, { bad: true, stays: true, key: message, actions });
  }

  /** Edits that met a newer state: the person decides. */
  offers() {
    for (const offer of this.app.outbox.offers) if (!this.app.notices.has(offer.id)) this._offer(offer);
  }

  _offer(offer) {
    const { notices, outbox, store } = this.app;
    const labels = offer.items.map((each) => each.label).join("; ");
    const where = offer.name === (store.name ?? offer.name) ? "this sequence" : offer.name;
    const text =
      `Another window or program changed ${where} first; you see its state now. ` +
      `Not written: ${labels}.`;
    const actions = [["Leave it", () => outbox.drop(offer)]];
    if (offer.can && offer.items.some((each) => each.edits))
      actions.unshift(["Do mine again", () => this._again(offer)]);
    notices.say(text, { actions, stays: true, bad: true, key: offer.id });
  }

  async _again(offer) {
    const { app } = this;
    if (offer.name !== app.store.name) await app.open(offer.name);
    if (offer.name !== app.store.name) {
      this.offers();
      return;
    }
    app.outbox.again(offer, app.store.version, nextNumber(app.store.tracks));
    app.store.lay();
  }

  /** XML files that were edited by hand stand in the way of the journal. */
  xml() {
    const { notices, store } = this.app;
    const key = "xml";
    if (store.base?.xml.state !== "edited") {
      notices.close(key);
      return;
    }
    if (notices.has(key)) return;
    const actions = [
      ["Take their boxes", () => store.settleXml(true)],
      ["Write them anew", () => store.settleXml(false)],
    ];
    notices.say(store.base.xml.message, { actions, stays: true, bad: true, key });
  }
}
