import { MailCheck } from "lucide-react";
import { useMe } from "@/api/get-me";
import { ErrorState } from "@/components/error-state";
import { Button } from "@/components/ui/button";
import { Card } from "@/components/ui/card";
import { useResendVerification } from "@/features/auth/api/resend-verification";

/** Asks who has not confirmed their address to do so, and sends them the mail again. Nothing for everybody else. */
export function ConfirmAddress() {
  const { user } = useMe();
  const resend = useResendVerification();
  if (user.email_verified) return null;
  return (
    <Card aria-labelledby="confirm-address" className="p-4">
      <div className="flex items-start gap-3 sm:gap-4">
        <span className="grid size-9 shrink-0 place-items-center rounded-xl bg-brand-soft text-brand-soft-foreground">
          <MailCheck aria-hidden className="size-4.5" strokeWidth={1.75} />
        </span>
        <div className="flex min-w-0 flex-1 flex-wrap items-center justify-between gap-x-6 gap-y-3">
          <div className="min-w-0 flex-1 basis-72">
            <h2 id="confirm-address" className="text-sm font-semibold">
              Confirm your address
            </h2>
            <p className="text-[0.8125rem] text-pretty text-muted-foreground">
              Open the link in our mail to <span className="font-medium break-words">{user.email}</span>.
              Where this server sends no mails, its operator has the link for you.
            </p>
            <p role="status" className="text-[0.8125rem] font-medium text-success">
              {resend.isSuccess && "It was sent again. Look among the spam, too."}
            </p>
          </div>
          <Button variant="outline" size="sm" pending={resend.isPending} onClick={() => resend.mutate()}>
            Send it again
          </Button>
        </div>
      </div>
      {resend.error && <ErrorState error={resend.error} className="mt-3" />}
    </Card>
  );
}
