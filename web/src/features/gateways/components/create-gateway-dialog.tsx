import { ArrowLeft, ChevronRight } from "lucide-react";
import { useState, type FormEvent, type ReactNode } from "react";
import { useGatewayKinds } from "@/api/get-gateway-kinds";
import { ErrorState } from "@/components/error-state";
import { QueryState } from "@/components/query-state";
import { Markdown } from "@/components/rich-text/markdown";
import { Button } from "@/components/ui/button";
import { Dialog, DialogBody, DialogContent, DialogFooter, DialogTrigger } from "@/components/ui/dialog";
import { Skeleton } from "@/components/ui/skeleton";
import { useCreateGateway } from "@/features/gateways/api/create-gateway";
import { GatewayForm } from "@/features/gateways/components/gateway-form";
import { GatewayIcon } from "@/features/gateways/components/gateway-icon";
import { GatewayTestPanel } from "@/features/gateways/components/gateway-test-panel";
import {
  checkDraft,
  newDraft,
  NO_ERRORS,
  serverErrors,
  type GatewayErrors,
} from "@/features/gateways/gateway-input";
import type { Gateway, GatewayKind } from "@/lib/api-types";
import { focusFirstInvalid } from "@/lib/focus";

interface CreateGatewayDialogProps {
  trigger: ReactNode;
  /** The gateway exists and its owner has seen whether it works. */
  onDone: (gateway: Gateway) => void;
}

/** Choose a kind, fill in its form, see whether it works. */
export function CreateGatewayDialog({ trigger, onDone }: CreateGatewayDialogProps) {
  const [open, setOpen] = useState(false);
  const [kind, setKind] = useState<GatewayKind | null>(null);
  const [created, setCreated] = useState<Gateway | null>(null);

  function onOpenChange(next: boolean) {
    if (next) {
      setKind(null);
      setCreated(null);
    } else if (created) onDone(created);
    setOpen(next);
  }

  return (
    <Dialog open={open} onOpenChange={onOpenChange}>
      <DialogTrigger asChild>{trigger}</DialogTrigger>
      {created ? (
        <DialogContent title={created.name} description="Saved. Now let us see whether it works.">
          <DialogBody>
            <GatewayTestPanel gatewayId={created.id} autoStart />
          </DialogBody>
          <DialogFooter>
            <Button onClick={() => onOpenChange(false)}>Done</Button>
          </DialogFooter>
        </DialogContent>
      ) : kind ? (
        <DialogContent title={kind.name} description={kind.summary}>
          <DetailsStep kind={kind} onBack={() => setKind(null)} onCreated={setCreated} />
        </DialogContent>
      ) : (
        <DialogContent title="Add a gateway" description="What do you want to connect?">
          <KindStep onPick={setKind} />
        </DialogContent>
      )}
    </Dialog>
  );
}

function KindStep({ onPick }: { onPick: (kind: GatewayKind) => void }) {
  const kinds = useGatewayKinds();
  return (
    <DialogBody>
      <QueryState query={kinds} skeleton={<Skeleton className="h-40 rounded-xl" />}>
        {(items) => (
          <ul className="grid gap-2">
            {[...items].sort(easiestFirst).map((kind) => (
              <li key={kind.kind}>
                <button
                  type="button"
                  onClick={() => onPick(kind)}
                  className="flex w-full items-center gap-4 rounded-xl border p-4 text-left transition-colors hover:border-input hover:bg-accent"
                >
                  <GatewayIcon kind={kind.kind} />
                  <span className="min-w-0 flex-1">
                    <span className="block font-medium">{kind.name}</span>
                    <span className="block text-[0.8125rem] text-muted-foreground">{kind.summary}</span>
                  </span>
                  <ChevronRight aria-hidden className="size-4 text-muted-foreground" />
                </button>
              </li>
            ))}
          </ul>
        )}
      </QueryState>
    </DialogBody>
  );
}

/** What needs no outside account comes first. */
function easiestFirst(left: GatewayKind, right: GatewayKind): number {
  const rank = (kind: GatewayKind) => (kind.ingress.includes("internal") ? 0 : 1);
  return rank(left) - rank(right) || left.name.localeCompare(right.name);
}

interface DetailsStepProps {
  kind: GatewayKind;
  onBack: () => void;
  onCreated: (gateway: Gateway) => void;
}

function DetailsStep({ kind, onBack, onCreated }: DetailsStepProps) {
  const [draft, setDraft] = useState(() => newDraft(kind));
  const [errors, setErrors] = useState<GatewayErrors>(NO_ERRORS);
  const create = useCreateGateway();
  const explained = serverErrors(create.error);

  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = event.currentTarget;
    const wrong = checkDraft(kind, draft, false);
    setErrors(wrong ?? NO_ERRORS);
    if (wrong) {
      focusFirstInvalid(form);
      return;
    }
    create.mutate(
      {
        kind: kind.kind,
        name: draft.name.trim(),
        credentials: draft.credentials,
        config: draft.config,
      },
      {
        onSuccess: onCreated,
        onError: (error) => {
          setErrors(serverErrors(error) ?? NO_ERRORS);
          focusFirstInvalid(form);
        },
      },
    );
  }

  return (
    <form onSubmit={submit} noValidate className="flex min-h-0 flex-1 flex-col">
      <DialogBody className="grid gap-5">
        {kind.description && (
          <details className="group rounded-xl border bg-brand-soft/50 px-4 py-3 text-[0.8125rem]" open>
            <summary className="font-medium select-none">How to get this</summary>
            <Markdown text={kind.description} className="mt-2 text-muted-foreground" />
          </details>
        )}
        <GatewayForm kind={kind} draft={draft} onChange={setDraft} errors={errors} />
        {create.error && !explained && <ErrorState error={create.error} />}
      </DialogBody>
      <DialogFooter className="justify-between">
        <Button variant="ghost" onClick={onBack}>
          <ArrowLeft /> Back
        </Button>
        <Button type="submit" pending={create.isPending}>
          Save and connect
        </Button>
      </DialogFooter>
    </form>
  );
}
