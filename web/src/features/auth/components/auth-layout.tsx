import { MessagesSquare, ShieldCheck, Zap } from "lucide-react";
import type { ReactNode } from "react";
import { Logo, LogoMark } from "@/components/logo";
import { useTitle } from "@/components/page";

interface AuthLayoutProps {
  title: string;
  description: string;
  children: ReactNode;
  footer?: ReactNode;
}

const POINTS = [
  {
    icon: MessagesSquare,
    title: "Every channel, one place",
    text: "Telegram, web chat and AI providers, side by side.",
  },
  {
    icon: Zap,
    title: "Answers in milliseconds",
    text: "A fresh sandbox for every message; nothing to keep warm.",
  },
  {
    icon: ShieldCheck,
    title: "Your keys stay yours",
    text: "Plugins never see a token. What they may do, you decide.",
  },
];

/** What a visitor sees before the sign-in: the form, and on wide pages what is behind it. */
export function AuthLayout({ title, description, children, footer }: AuthLayoutProps) {
  useTitle(title);
  return (
    <div className="grid min-h-dvh lg:grid-cols-[1fr_minmax(0,27rem)] xl:grid-cols-[1fr_minmax(0,34rem)]">
      <main className="flex flex-col px-5 py-6 sm:px-10">
        <Logo />
        <div className="m-auto w-full max-w-sm py-10">
          <h1 className="text-2xl font-semibold">{title}</h1>
          <p className="mt-1 text-sm text-muted-foreground">{description}</p>
          <div className="mt-7">{children}</div>
          {footer && <p className="mt-6 text-sm text-muted-foreground">{footer}</p>}
        </div>
      </main>
      <aside className="relative hidden overflow-hidden border-l bg-sidebar lg:flex lg:flex-col lg:justify-center lg:p-12">
        <LogoMark className="absolute -right-28 -bottom-24 size-112 opacity-[0.07] dark:opacity-10" />
        <ul className="relative grid max-w-sm gap-8">
          {POINTS.map(({ icon: Icon, title: point, text }) => (
            <li key={point} className="flex gap-4">
              <span className="grid size-10 shrink-0 place-items-center rounded-xl border bg-card text-brand shadow-card">
                <Icon aria-hidden className="size-5" strokeWidth={1.75} />
              </span>
              <div>
                <p className="font-medium">{point}</p>
                <p className="text-sm text-muted-foreground">{text}</p>
              </div>
            </li>
          ))}
        </ul>
      </aside>
    </div>
  );
}
