/** What a screen reader is told without moving the focus. */
class Announcer {
  text = $state('');
  #flip = false;

  say(text: string): void {
    this.#flip = !this.#flip;
    this.text = text + (this.#flip ? '\u00a0' : ''); // the same words twice are still news
  }
}

export const announcer = new Announcer();
export const say = (text: string) => announcer.say(text);
