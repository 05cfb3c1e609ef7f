import { Link, useNavigate } from "@tanstack/react-router";
import { Button } from "@/components/ui/button";
import { toast } from "@/components/ui/toaster";
import { AuthLayout } from "@/features/auth/components/auth-layout";
import { ResetPasswordForm } from "@/features/auth/components/reset-password-form";
import { useMailToken } from "@/features/auth/mail-token";

export function ResetPasswordRoute() {
  const token = useMailToken();
  const navigate = useNavigate();
  return (
    <AuthLayout
      title="Choose a new password"
      description="You are signed out everywhere once it is in use."
      footer={
        <Link to="/sign-in" className="font-medium text-primary hover:underline">
          Back to the sign-in
        </Link>
      }
    >
      <ResetPasswordForm
        key={token}
        token={token}
        askAnew={
          <Button asChild size="lg">
            <Link to="/forgot-password">Ask for a new link</Link>
          </Button>
        }
        onDone={() => {
          toast.success("Your password is the new one", "Sign in with it.");
          void navigate({ to: "/sign-in", replace: true });
        }}
      />
    </AuthLayout>
  );
}
