export interface PasswordRule {
  label: string;
  met: (password: string) => boolean;
}

/** What the server asks of a password, said while it is typed. */
export const PASSWORD_RULES: PasswordRule[] = [
  { label: "8 characters or more", met: (password) => Array.from(password).length >= 8 },
  { label: "An upper case letter", met: (password) => /\p{Lu}/u.test(password) },
  { label: "A digit", met: (password) => /\d/.test(password) },
  { label: "A special sign, such as ! or #", met: (password) => /[^\p{L}\p{N}\s]/u.test(password) },
];
