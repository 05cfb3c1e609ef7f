import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Check } from "lucide-react";
import type { ReactNode } from "react";
import { recentExecutionsQuery } from "@/api/get-executions";
import { useGateways } from "@/api/get-gateways";
import { useInstalls } from "@/api/get-installs";
import { Button } from "@/components/ui/button";
import { Card, CardBody, CardHeader } from "@/components/ui/card";
import { cn } from "@/lib/utils";

/** The way from an empty workspace to the first answer. Gone once it is walked. */
export function GettingStarted() {
  const gateways = useGateways().data;
  const installs = useInstalls().data;
  const executions = useQuery(recentExecutionsQuery()).data;
  if (!gateways || !installs || !executions) return null;

  const chat = gateways.find((gateway) => gateway.kind === "web-chat");
  const done = [
    gateways.length > 0,
    installs.some((install) => install.state === "enabled"),
    executions.some((execution) => execution.state === "succeeded" && execution.trigger === "event"),
  ];
  if (done.every(Boolean)) return null;
  const next = done.indexOf(false);

  return (
    <Card>
      <CardHeader
        title="Getting started"
        description={`${done.filter(Boolean).length} of ${done.length} done. Three steps to the first answer.`}
      />
      <CardBody>
        <ol className="grid gap-1">
          <Step
            number={1}
            done={done[0]}
            active={next === 0}
            title="Connect a gateway"
            text="A web chat needs no outside account. Telegram and AI can follow."
            action={<Link to="/gateways">Add a gateway</Link>}
          />
          <Step
            number={2}
            done={done[1]}
            active={next === 1}
            title="Install a plugin"
            text="Auto reply answers by keyword; Analytics counts."
            action={
              <Link to="/plugins" search={{ tab: "catalogue" }}>
                Browse plugins
              </Link>
            }
          />
          <Step
            number={3}
            done={done[2]}
            active={next === 2}
            title="Write to your bot"
            text="Say hello in the chat, and see the answer come in."
            action={
              chat ? (
                <Link to="/chat/$gatewayId" params={{ gatewayId: chat.id }}>
                  Open the chat
                </Link>
              ) : (
                <Link to="/chat">Open the chat</Link>
              )
            }
          />
        </ol>
      </CardBody>
    </Card>
  );
}

interface StepProps {
  number: number;
  done: boolean | undefined;
  active: boolean;
  title: string;
  text: string;
  action: ReactNode;
}

function Step({ number, done, active, title, text, action }: StepProps) {
  return (
    <li
      className={cn(
        "-mx-3 flex flex-wrap items-center gap-x-4 gap-y-2 rounded-xl px-3 py-3",
        active && "bg-brand-soft/60",
      )}
    >
      <span
        className={cn(
          "grid size-7 shrink-0 place-items-center rounded-full border text-xs font-semibold",
          done && "border-success bg-success-soft text-success",
          active && "border-brand bg-card text-brand",
          !done && !active && "text-muted-foreground",
        )}
      >
        {done ? <Check aria-hidden className="size-4" /> : number}
      </span>
      <div className="min-w-0 flex-1">
        <p
          className={cn(
            "text-sm font-medium",
            done && "text-muted-foreground line-through decoration-border",
          )}
        >
          {title}
          {done && <span className="sr-only"> (done)</span>}
        </p>
        {!done && <p className="text-[0.8125rem] text-muted-foreground">{text}</p>}
      </div>
      {active && (
        <div className="max-sm:basis-full max-sm:pl-11">
          <Button asChild size="sm">
            {action}
          </Button>
        </div>
      )}
    </li>
  );
}
