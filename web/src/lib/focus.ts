/** After a refused submit: brings the first wrong field of a form into view and gives it the focus. */
export function focusFirstInvalid(form: HTMLFormElement): void {
  // The marks appear with the next paint.
  requestAnimationFrame(() => form.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus());
}
